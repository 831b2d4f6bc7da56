/** The words of a generated catalog: one list a language, the same thing at the same place in each. */

export interface Words {
  /** Forty-eight things, four for each of the ROOTS. */
  readonly nouns: readonly string[]
  readonly adjectives: readonly string[]
  readonly sentences: readonly string[]
}

/** Categories at the top of the tree, English as every category name is when a product names it first. */
export const ROOTS = [
  'Home',
  'Kitchen',
  'Lighting',
  'Garden',
  'Sports',
  'Clothing',
  'Shoes',
  'Computers',
  'Audio',
  'Office',
  'Toys',
  'Tools',
] as const

export const NOUNS_PER_ROOT = 4

const split = (text: string) => text.split(' ')

const en: Words = {
  nouns: split(
    'Shelf Rug Curtain Mirror Kettle Pan Knife Bowl Lamp Lantern Spotlight Candle Hose Spade Planter Bench Ball Racket Tent Helmet Jacket Shirt Scarf Belt Boot Sneaker Sandal Slipper Keyboard Monitor Router Tablet Speaker Headset Microphone Turntable Pen Notebook Folder Stapler Puzzle Kite Robot Doll Drill Hammer Saw Wrench',
  ),
  adjectives: split(
    'sturdy quiet compact light foldable waterproof classic modern handmade recycled wireless large small soft bright matte',
  ),
  sentences: [
    'Made to be used every day, and to look better for it.',
    'The parts that wear can be replaced with a screwdriver.',
    'It does one thing and does not ask to be updated.',
    'Tested by people who did not want to like it.',
    'Fits where the last one did not.',
    'The instructions are a single drawing.',
    'Comes in a box that becomes something else.',
    'Quiet enough for thin walls and early mornings.',
    'The color is the same after a hundred washes.',
    'Measured twice, packed once.',
    'Small enough for a drawer, strong enough for a move.',
    'Works the first time and the thousandth.',
  ],
}

const de: Words = {
  nouns: split(
    'Regal Teppich Vorhang Spiegel Wasserkocher Pfanne Messer Schale Lampe Laterne Strahler Kerze Schlauch Spaten Pflanzkübel Gartenbank Ball Schläger Zelt Helm Jacke Hemd Schal Gürtel Stiefel Turnschuh Sandale Hausschuh Tastatur Monitor Router Tablet Lautsprecher Headset Mikrofon Plattenspieler Stift Notizbuch Ordner Hefter Puzzle Drachen Roboter Puppe Bohrmaschine Hammer Säge Schraubenschlüssel',
  ),
  adjectives: split(
    'robust leise kompakt leicht faltbar wasserdicht klassisch modern handgemacht recycelt kabellos groß klein weich hell matt',
  ),
  sentences: [
    'Für jeden Tag gemacht und mit jedem Tag schöner.',
    'Was verschleißt, lässt sich mit einem Schraubendreher tauschen.',
    'Kann genau eine Sache und will nicht aktualisiert werden.',
    'Geprüft von Leuten, die es nicht mögen wollten.',
    'Passt dorthin, wo das letzte nicht passte.',
    'Die Anleitung ist eine einzige Zeichnung.',
    'Aus dem Karton wird später etwas anderes.',
    'Leise genug für dünne Wände und frühe Morgen.',
    'Die Farbe ist nach hundert Wäschen noch dieselbe.',
    'Zweimal gemessen, einmal verpackt.',
    'Klein genug für die Schublade, stark genug für den Umzug.',
    'Funktioniert beim ersten und beim tausendsten Mal.',
  ],
}

const fr: Words = {
  nouns: split(
    'Étagère Tapis Rideau Miroir Bouilloire Poêle Couteau Bol Lampe Lanterne Projecteur Bougie Tuyau Bêche Jardinière Banc Ballon Raquette Tente Casque Veste Chemise Écharpe Ceinture Botte Basket Sandale Pantoufle Clavier Écran Routeur Tablette Enceinte Micro-casque Microphone Platine Stylo Carnet Classeur Agrafeuse Puzzle Cerf-volant Robot Poupée Perceuse Marteau Scie Clé',
  ),
  adjectives: split(
    'robuste pratique compacte légère pliable étanche classique moderne artisanale recyclée mobile vaste petite souple lumineuse mate',
  ),
  sentences: [
    'Fait pour servir tous les jours, et embellir avec le temps.',
    'Les pièces d’usure se changent avec un tournevis.',
    'Ne fait qu’une chose et ne demande aucune mise à jour.',
    'Essayé par des gens qui ne voulaient pas l’aimer.',
    'Trouve sa place là où le dernier n’entrait pas.',
    'La notice tient en un seul dessin.',
    'La boîte devient ensuite autre chose.',
    'Assez silencieux pour les murs minces et les petits matins.',
    'La couleur reste la même après cent lavages.',
    'Mesuré deux fois, emballé une fois.',
    'Assez petit pour un tiroir, assez solide pour un déménagement.',
    'Marche la première fois comme la millième.',
  ],
}

const ar: Words = {
  nouns: split(
    'رف سجادة ستارة مرآة غلاية مقلاة سكين وعاء مصباح فانوس كشاف شمعة خرطوم مجرفة أصيص مقعد كرة مضرب خيمة خوذة سترة قميص وشاح حزام جزمة حذاء صندل خف لوحة شاشة موجه لوح سماعة سماعات ميكروفون مشغل قلم دفتر ملف دباسة أحجية طائرة روبوت دمية مثقاب مطرقة منشار مفتاح',
  ),
  adjectives: split('متين هادئ صغير خفيف مطوي مقاوم كلاسيكي حديث يدوي متجدد لاسلكي كبير دقيق ناعم ساطع داكن'),
  sentences: [
    'صنع ليستعمل كل يوم ويزداد جمالا.',
    'تستبدل القطع البالية بمفك واحد.',
    'يؤدي عملا واحدا ولا يطلب تحديثا.',
    'جربه أناس لم يرغبوا في أن يعجبهم.',
    'يناسب المكان الذي لم يناسبه غيره.',
    'التعليمات رسم واحد.',
    'تتحول العلبة إلى شيء آخر.',
    'هادئ في الصباح الباكر.',
    'يبقى اللون بعد مئة غسلة.',
    'قيس مرتين وغلف مرة.',
    'صغير للدرج وقوي للسفر.',
    'يعمل في المرة الأولى وفي الألف.',
  ],
}

const ja: Words = {
  nouns: split(
    '棚 ラグ カーテン 鏡 やかん フライパン 包丁 鉢 ランプ ランタン スポットライト ろうそく ホース 鋤 植木鉢 ベンチ ボール ラケット テント ヘルメット ジャケット シャツ マフラー ベルト ブーツ スニーカー サンダル スリッパ キーボード モニター ルーター タブレット スピーカー ヘッドセット マイク ターンテーブル ペン ノート フォルダー ホチキス パズル 凧 ロボット 人形 ドリル ハンマー のこぎり レンチ',
  ),
  adjectives: split('丈夫 静か 小型 軽量 折りたたみ 防水 定番 現代的 手作り 再生 無線 大型 小さい 柔らかい 明るい 艶消し'),
  sentences: [
    '毎日使うほどに味わいが出ます。',
    '消耗する部品はねじ回し一本で交換できます。',
    '一つのことだけをします。更新は要りません。',
    '気に入るつもりのない人たちが試しました。',
    '前のものが入らなかった場所に入ります。',
    '説明書は絵が一枚だけです。',
    '箱はあとで別のものになります。',
    '薄い壁と早い朝にも静かです。',
    '百回洗っても色は同じです。',
    '二度測って、一度包みました。',
    '引き出しに入る小ささ、引っ越しに耐える強さ。',
    '一度目も千度目も動きます。',
  ],
}

export const WORDS: Readonly<Record<string, Words>> = { en, de, fr, ar, ja }

/** Below a thing's own category: what narrows it down. */
export const QUALIFIERS = ['Compact', 'Professional', 'Accessories', 'Spare Parts', 'Sets', 'Vintage', 'Outdoor', 'Kids'] as const
export const SUBQUALIFIERS = ['Bestsellers', 'Premium', 'Clearance'] as const

export const BRAND_STARTS = split(
  'Al Bor Cal Dor El Fen Gal Hol Iv Jar Kel Lum Mar Nor Ost Pel Quin Ros Sel Tor Ulm Vas Wen Yar Zan Bri Cla Dra Gri Plo Sta Tri',
)
export const BRAND_ENDS = split('an berg co dale ex field gard hus ia kin lund mont na ora pex rik son tek um vik way wick yard zo')
export const BRAND_SUFFIXES = ['', '', '', ' & Co', ' & Sons', ' Labs', ' Studio', ' Works', '-Werke', ' Frères'] as const

export const COLORS = split(
  'black white gray navy red green blue brown beige olive teal orange yellow purple pink gold silver rust sand mint coral indigo plum cream slate',
)
export const SIZES = ['XS', 'S', 'M', 'L', 'XL', 'XXL', '3XL', '4XL'] as const
export const TAGS = split(
  'new sale bestseller gift eco limited online-only bulky fragile returns-ok made-to-order refurbished back-in-stock staff-pick',
)

export const ATTRIBUTE_QUALITIES = split(
  'max min nominal total inner outer front rear upper lower package net gross typical peak idle operating storage supported included optional certified main secondary side',
)
export const ATTRIBUTE_THINGS = split(
  'width height depth weight power voltage current frequency temperature humidity pressure volume speed load capacity length diameter thickness angle noise_level brightness contrast resolution ports slots modes layers warranty cable connector finish surface origin standard energy_class filter battery charger display sensor',
)
