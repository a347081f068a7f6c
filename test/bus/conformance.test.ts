import t from 'tap'
import { localBus } from '../../src/bus/local.ts'
import { busConformance } from '../../src/conformance/index.ts'
import { turnBackend } from '../support/buses.ts'

busConformance(t, 'localBus', () => ({ open: localBus }))

// Tests the suite: it has to wait for a bus that delivers later.
busConformance(t, 'a bus that is not synchronous', turnBackend)
