// cspell:disable
/** Validation phrases by language, invented here. */
export const PHRASES: Readonly<Record<string, readonly string[]>> = {
  en: [
    'Silver rivers hum below the hill', 'Seven lanterns drift across the bay',
    'Warm bread waits on the kitchen sill', 'A paper kite remembers the wind'
  ],
  zh: [
    '月光轻轻落在安静的湖面', '清晨的钟声唤醒了小城',
    '风把歌声带过青色的山', '一盏灯照亮回家的路'
  ],
  es: [
    'El río canta bajo la luna clara', 'Siete faroles cruzan la bahía',
    'La brisa guarda un viejo secreto', 'Mañana el tren saldrá sin prisa'
  ],
  fr: [
    'La rivière chante sous la lune', 'Sept lanternes traversent la baie',
    'Le vent garde un très vieux secret', 'Demain le train partira sans bruit'
  ],
  pt: [
    'O rio canta sob a lua clara', 'Sete lanternas cruzam a baía',
    'O vento guarda um velho segredo', 'Amanhã o trem sairá sem pressa'
  ],
  de: [
    'Der Fluss singt leise unterm Mond', 'Sieben Laternen ziehen übers Meer',
    'Der Wind bewahrt ein altes Geheimnis', 'Morgen fährt der Zug ganz ohne Eile'
  ],
  ja: [
    '月の下で川が静かに歌う', '七つの灯りが湾を渡る',
    '風は古い秘密を知っている', '明日の列車はゆっくり走る'
  ],
  ko: [
    '달빛 아래 강물이 노래해요', '일곱 개의 등불이 바다를 건너요',
    '바람은 오래된 비밀을 알아요', '내일 기차는 천천히 떠나요'
  ],
  hi: [
    'चाँद के नीचे नदी गाती है', 'सात दीपक खाड़ी पार करते हैं',
    'हवा एक पुराना राज़ जानती है', 'कल रेल धीरे से निकलेगी'
  ],
  ru: [
    'Река поёт под ясной луной', 'Семь фонарей плывут через залив',
    'Ветер хранит старый секрет', 'Завтра поезд уйдёт не спеша'
  ]
}
// cspell:enable

/** Returns a phrase of a language that is not `former`; any other language gets an English one. */
export function pickPhrase (language: string, position: number, former: string): string {
  const phrases = (PHRASES[language] ?? PHRASES['en'] as readonly string[]).filter((phrase) => phrase !== former)
  return phrases[Math.floor(position * phrases.length)] as string
}
