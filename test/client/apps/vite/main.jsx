import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Phrase } from './phrase.jsx'

Object.assign(globalThis, { completed: [], shown: [] })
createRoot(document.getElementById('root')).render(<StrictMode><Phrase /></StrictMode>)
