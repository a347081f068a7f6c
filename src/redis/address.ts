/** Host and port of a server. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** User and password of a connection. */
export interface Login {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** Address of a Redis or Valkey: a server, the nodes of a Cluster, or Sentinels. */
export interface RedisAddress extends Login {
  /** Servers to ask: at least one. */
  readonly places: readonly Place[]
  /** Name of the primary, if `places` are Sentinels. */
  readonly primary?: string | undefined
  /** Login for Sentinels, if they have another one than the servers. */
  readonly sentinel?: Login | undefined
  readonly db?: number | undefined
  /** Set for TLS. `ca`: certificate authorities in PEM; default: those of the process. */
  readonly tls?: { readonly ca?: string | undefined } | undefined
}
