import { Phrase } from './phrase.jsx'

export default function Page () {
  return <Phrase />
}
