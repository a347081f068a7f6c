import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** Returns the CPU time of a process and its children, in microseconds. Linux counts in steps of 10 ms. */
export function cpuUs (pid: number): number {
  return sum(pid, (one) => {
    // The second field is a name in brackets, which may contain spaces.
    const fields = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 1e6 / TICKS_PER_SECOND
  })
}

/** Returns the resident memory of a process and its children, in bytes. */
export function residentBytes (pid: number): number {
  return sum(pid, (one) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))![1]) * 1024)
}

function sum (pid: number, read: (pid: number) => number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  return [pid, ...children].reduce((total, one) => total + read(one), 0)
}
