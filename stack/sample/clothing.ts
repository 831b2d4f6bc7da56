/** The sample shop's department "Clothing": what keeps rain, wind and Mondays out. */
import type { Leaf } from './leaf.ts'

const SIZES = ['XS', 'S', 'M', 'L', 'XL']
const SHOE_SIZES = ['37', '38', '39', '40', '41', '42', '43', '44']

const JACKETS: Leaf = {
  code: 'JACKET',
  path: ['Clothing', 'Outerwear', 'Jackets'],
  noun: ['Jacket', 'Jacke'],
  options: { size: SIZES, color: ['moss', 'navy', 'rust', 'sand', 'slate'] },
  attributes: { fit: 'regular', seasons: ['spring', 'autumn'] },
  designs: [
    {
      brand: 'Fairweather',
      priceMinor: 18900,
      name: ['Corner Shop', 'Um die Ecke'],
      story: ['For errands that turn into an afternoon.', 'Für kleine Besorgungen, aus denen ein ganzer Nachmittag wird.'],
      attributes: { pockets: 5, hood: false, weight_g: 690 },
      tags: ['bestseller'],
    },
    {
      brand: 'Fairweather',
      priceMinor: 21900,
      name: ['Ferry Deck', 'Außendeck'],
      story: ['Cut long at the back, for those who watch the wake.', 'Hinten länger geschnitten, für alle, die dem Kielwasser nachsehen.'],
      attributes: { pockets: 6, hood: true, weight_g: 880 },
    },
    {
      brand: 'Long Way Home',
      priceMinor: 16900,
      name: ['Bench Warmer', 'Bankdrücker'],
      story: [
        'Quilted where you lean, light where you move. Cheering is allowed.',
        'Gesteppt, wo man sich anlehnt, leicht, wo man sich bewegt. Anfeuern erlaubt.',
      ],
      attributes: { pockets: 4, hood: false, weight_g: 540 },
    },
    {
      brand: 'Fairweather',
      priceMinor: 24900,
      name: ['Understatement', 'Understatement'],
      story: [
        'No logo, no stripe, no story. People ask where you got it anyway.',
        'Kein Logo, kein Streifen, keine Geschichte. Man wird trotzdem gefragt, woher sie ist.',
      ],
      attributes: { pockets: 4, hood: false, weight_g: 720 },
      tags: ['made-to-last'],
    },
    {
      brand: 'Long Way Home',
      priceMinor: 14900,
      name: ['Chestnut Season', 'Kastanienzeit'],
      story: [
        'Pockets deep enough for everything a child finds on the way from school.',
        'Taschen, tief genug für alles, was ein Kind auf dem Heimweg von der Schule findet.',
      ],
      attributes: { pockets: 7, hood: true, weight_g: 650 },
      tags: ['new'],
    },
  ],
  editions: [
    {
      name: ['Waxed Cotton', 'Gewachste Baumwolle'],
      story: ['Waxed cotton that can be waxed again, for decades.', 'Gewachste Baumwolle, die sich nachwachsen lässt, jahrzehntelang.'],
      priceFactor: 1.2,
      attributes: { material: 'waxed cotton', waterproof: true },
    },
    {
      name: ['Canvas', 'Segeltuch'],
      story: ['Dense canvas, stiff on the first day and yours by the tenth.', 'Dichtes Segeltuch: am ersten Tag steif, am zehnten Ihres.'],
      priceFactor: 1,
      attributes: { material: 'cotton canvas', waterproof: false },
    },
  ],
}

const RAINCOATS: Leaf = {
  code: 'RAINCOAT',
  path: ['Clothing', 'Outerwear', 'Raincoats'],
  noun: ['Raincoat', 'Regenmantel'],
  options: { size: SIZES, color: ['lemon', 'navy', 'pine', 'brick'] },
  attributes: { waterproof: true, hood: true, seasons: ['spring', 'summer', 'autumn'] },
  designs: [
    {
      brand: 'Fairweather',
      priceMinor: 15900,
      name: ['Puddle Inspector', 'Pfützeninspektor'],
      story: ['Long enough to kneel in. Findings may be splashed.', 'Lang genug, um darin zu knien. Befunde können spritzen.'],
      attributes: { water_column_mm: 10000, weight_g: 720 },
      tags: ['bestseller'],
    },
    {
      brand: 'Fairweather',
      priceMinor: 17900,
      name: ['Seventy Percent Chance', 'Siebzig Prozent Regen'],
      story: ['Folds into its own pocket for the other thirty.', 'Lässt sich für die übrigen dreißig in der eigenen Tasche verstauen.'],
      attributes: { water_column_mm: 8000, weight_g: 310 },
    },
    {
      brand: 'Fairweather',
      priceMinor: 19900,
      name: ['Harbor Master', 'Hafenmeister'],
      story: ['Gives no orders, and none are needed.', 'Gibt keine Befehle, es braucht auch keine.'],
      attributes: { water_column_mm: 20000, weight_g: 940 },
    },
    {
      brand: 'Long Way Home',
      priceMinor: 13900,
      name: ['Bicycle Bell', 'Fahrradklingel'],
      story: [
        'A cape in front, a vent behind, and a bright strip so the cars say sorry first.',
        'Vorn Cape, hinten Belüftung und ein heller Streifen, damit sich die Autos zuerst entschuldigen.',
      ],
      attributes: { water_column_mm: 10000, weight_g: 480 },
      tags: ['cycling'],
    },
    {
      brand: 'Fairweather',
      priceMinor: 22900,
      name: ['Weather Permitting', 'Bei jedem Wetter'],
      story: ['It permits.', 'Geht immer.'],
      attributes: { water_column_mm: 15000, weight_g: 610 },
    },
  ],
  editions: [
    {
      name: ['Matte', 'matt'],
      story: ['A dry, matte cloth made from recycled fishing nets.', 'Ein trockenes, mattes Tuch aus recycelten Fischernetzen.'],
      priceFactor: 1.1,
      attributes: { material: 'recycled nylon' },
    },
    {
      name: ['Classic Rubber', 'klassisch gummiert'],
      story: ['Rubbered cotton that squeaks a little, as it always has.', 'Gummierte Baumwolle, die ein wenig quietscht, wie schon immer.'],
      priceFactor: 0.9,
      attributes: { material: 'rubbered cotton' },
    },
  ],
}

const SWEATERS: Leaf = {
  code: 'SWEATER',
  path: ['Clothing', 'Knitwear', 'Sweaters'],
  noun: ['Sweater', 'Pullover'],
  options: { size: SIZES, color: ['oat', 'moss', 'ink', 'cranberry', 'smoke'] },
  attributes: { fit: 'relaxed', seasons: ['autumn', 'winter'] },
  designs: [
    {
      brand: 'Woolgather',
      priceMinor: 12900,
      name: ['Borrowed', 'Ausgeliehen'],
      story: [
        'Looks like someone else’s, feels like your own, is never returned.',
        'Sieht aus wie ein fremder, fühlt sich an wie der eigene, kommt nie zurück.',
      ],
      attributes: { gauge: 7, weight_g: 520 },
      tags: ['bestseller', 'gift'],
    },
    {
      brand: 'Woolgather',
      priceMinor: 15900,
      name: ['North Window', 'Nordfenster'],
      story: [
        'Thick cables for a desk on the cold side of the house.',
        'Dicke Zöpfe für den Schreibtisch auf der kalten Seite des Hauses.',
      ],
      attributes: { gauge: 5, weight_g: 810 },
    },
    {
      brand: 'Woolgather',
      priceMinor: 11900,
      name: ['Meeting at Nine', 'Termin um neun'],
      story: ['Fine knit, clean collar: pajamas with a career.', 'Feiner Strick, sauberer Kragen: ein Schlafanzug mit Karriere.'],
      attributes: { gauge: 12, weight_g: 340 },
    },
    {
      brand: 'Woolgather',
      priceMinor: 16900,
      name: ['Fisherman’s Cousin', 'Vetter vom Fischer'],
      story: [
        'The pattern of a harbor family that moved inland and still misses the gulls.',
        'Das Muster einer Hafenfamilie, die aufs Land zog und die Möwen immer noch vermisst.',
      ],
      attributes: { gauge: 5, weight_g: 880 },
      tags: ['made-to-last'],
    },
    {
      brand: 'Woolgather',
      priceMinor: 13900,
      name: ['Elbow Room', 'Ellbogenfreiheit'],
      story: ['Patches from the start: we know how you read.', 'Flicken von Anfang an: Wir wissen, wie Sie lesen.'],
      attributes: { gauge: 7, weight_g: 560 },
    },
  ],
  editions: [
    {
      name: ['Merino', 'Merino'],
      story: ['Merino so soft that even the neck agrees.', 'So weiche Merinowolle, dass auch der Hals zustimmt.'],
      priceFactor: 1.15,
      attributes: { material: 'merino', machine_washable: true },
    },
    {
      name: ['Shetland', 'Shetlandwolle'],
      story: [
        'Springy Shetland wool with a will of its own and a long life ahead.',
        'Lebhafte Shetlandwolle mit eigenem Willen und einem langen Leben vor sich.',
      ],
      priceFactor: 1,
      attributes: { material: 'shetland wool', machine_washable: false },
    },
  ],
}

const SOCKS: Leaf = {
  code: 'SOCK',
  path: ['Clothing', 'Knitwear', 'Socks'],
  noun: ['Socks', 'Socken'],
  options: { size: ['35-38', '39-42', '43-46'], color: ['mustard', 'navy', 'fern', 'brick', 'cloud'] },
  attributes: { machine_washable: true, pack_of: 1 },
  designs: [
    {
      brand: 'Woolgather',
      priceMinor: 1900,
      name: ['Cold Kitchen Floor', 'Kalter Küchenboden'],
      story: ['Thick soles for the walk to the kettle.', 'Dicke Sohlen für den Weg zum Wasserkocher.'],
      attributes: { height: 'crew', cushioned: true },
      tags: ['bestseller', 'gift'],
    },
    {
      brand: 'Long Way Home',
      priceMinor: 2200,
      name: ['Blister Treaty', 'Blasenfrieden'],
      story: [
        'Seamless at the toe. Signed by both feet and honored since.',
        'Ohne Naht am Zeh. Von beiden Füßen unterzeichnet und seither eingehalten.',
      ],
      attributes: { height: 'crew', cushioned: true },
    },
    {
      brand: 'Woolgather',
      priceMinor: 1700,
      name: ['Odd Pair', 'Ungleiches Paar'],
      story: ['Sold mismatched, so nothing is ever missing.', 'Schon ungleich verkauft, damit nie einer fehlt.'],
      attributes: { height: 'ankle', cushioned: false },
      tags: ['gift'],
    },
    {
      brand: 'Woolgather',
      priceMinor: 2400,
      name: ['Opening Night', 'Premiere'],
      story: [
        'Knee-high and fine-ribbed: nobody in the front row sees your shin.',
        'Kniehoch und fein gerippt: In der ersten Reihe sieht niemand ein Schienbein.',
      ],
      attributes: { height: 'knee', cushioned: false },
    },
    {
      brand: 'Long Way Home',
      priceMinor: 2000,
      name: ['Second Wind', 'Zweite Luft'],
      story: ['Airy mesh on top, for the last third of anything.', 'Luftiges Netz am Rist, für das letzte Drittel von allem.'],
      attributes: { height: 'ankle', cushioned: true },
    },
  ],
  editions: [
    {
      name: ['Wool', 'Wolle'],
      story: ['Wool that warms when wet and forgives the third day.', 'Wolle, die auch nass wärmt und den dritten Tag verzeiht.'],
      priceFactor: 1.2,
      attributes: { material: 'wool blend' },
    },
    {
      name: ['Cotton', 'Baumwolle'],
      story: ['Combed organic cotton for the other half of the year.', 'Gekämmte Bio-Baumwolle für die andere Hälfte des Jahres.'],
      priceFactor: 0.8,
      attributes: { material: 'organic cotton' },
    },
  ],
}

const HATS: Leaf = {
  code: 'HAT',
  path: ['Clothing', 'Accessories', 'Hats'],
  noun: ['Hat', 'Mütze'],
  options: { size: ['S/M', 'L/XL'], color: ['tobacco', 'navy', 'forest', 'chalk'] },
  attributes: { seasons: ['autumn', 'winter'] },
  designs: [
    {
      brand: 'Woolgather',
      priceMinor: 3400,
      name: ['Good Idea', 'Gute Idee'],
      story: ['Keeps it in.', 'Hält sie drin.'],
      attributes: { weight_g: 80, earflaps: false },
      tags: ['bestseller'],
    },
    {
      brand: 'Fairweather',
      priceMinor: 4900,
      name: ['Pilot Without License', 'Pilot ohne Schein'],
      story: [
        'Flaps for the ears and a strap for sudden climbs on a sled.',
        'Klappen für die Ohren und ein Riemen für den steilen Start mit dem Schlitten.',
      ],
      attributes: { weight_g: 160, earflaps: true },
    },
    {
      brand: 'Woolgather',
      priceMinor: 2900,
      name: ['Bad Hair Day', 'Frisur von gestern'],
      story: ['Nobody will know.', 'Niemand wird es erfahren.'],
      attributes: { weight_g: 70, earflaps: false },
      tags: ['gift'],
    },
    {
      brand: 'Fairweather',
      priceMinor: 5900,
      name: ['Newspaper Boy', 'Zeitungsjunge'],
      story: [
        'Eight panels, one button and the urge to call out headlines.',
        'Acht Bahnen, ein Knopf und das Bedürfnis, Schlagzeilen auszurufen.',
      ],
      attributes: { weight_g: 120, earflaps: false },
    },
    {
      brand: 'Long Way Home',
      priceMinor: 3900,
      name: ['Tree Line', 'Baumgrenze'],
      story: [
        'Close and thin, made for above it and for under a helmet.',
        'Eng und dünn, gemacht für oberhalb davon und für unter dem Helm.',
      ],
      attributes: { weight_g: 55, earflaps: false },
    },
  ],
  editions: [
    {
      name: ['Merino Knit', 'Merinostrick'],
      story: ['Knitted in one piece, with nowhere to itch.', 'In einem Stück gestrickt, da kratzt nichts.'],
      priceFactor: 1,
      attributes: { material: 'merino' },
    },
    {
      name: ['Tweed', 'Tweed'],
      story: ['Woven tweed in colors borrowed from a wet hillside.', 'Gewebter Tweed in den Farben eines nassen Hangs.'],
      priceFactor: 1.3,
      attributes: { material: 'tweed' },
    },
  ],
}

const SCARVES: Leaf = {
  code: 'SCARF',
  path: ['Clothing', 'Accessories', 'Scarves'],
  noun: ['Scarf', 'Schal'],
  options: { color: ['brick', 'smoke', 'teal', 'wheat', 'violet'] },
  attributes: { machine_washable: false },
  designs: [
    {
      brand: 'Woolgather',
      priceMinor: 5900,
      name: ['Farewell at the Station', 'Abschied am Bahnsteig'],
      story: ['Long enough to wave with.', 'Lang genug zum Winken.'],
      attributes: { length_cm: 220, weight_g: 240 },
      tags: ['gift'],
    },
    {
      brand: 'Woolgather',
      priceMinor: 4900,
      name: ['Third Row', 'Dritte Reihe'],
      story: ['A small scarf for drafty concert halls.', 'Ein kleiner Schal für zugige Konzertsäle.'],
      attributes: { length_cm: 140, weight_g: 110 },
    },
    {
      brand: 'Woolgather',
      priceMinor: 6900,
      name: ['Portable Fireplace', 'Kamin to go'],
      story: ['Goes around twice and stays lit.', 'Geht zweimal herum und bleibt warm.'],
      attributes: { length_cm: 200, weight_g: 380 },
      tags: ['bestseller'],
    },
    {
      brand: 'Woolgather',
      priceMinor: 5400,
      name: ['Chess Club', 'Schachverein'],
      story: ['Sixty-four squares, both sides reversible, no draw offered.', 'Vierundsechzig Felder, beidseitig tragbar, kein Remis.'],
      attributes: { length_cm: 180, weight_g: 210 },
    },
    {
      brand: 'Woolgather',
      priceMinor: 7900,
      name: ['Northern Line', 'Nordlicht'],
      story: [
        'Green that turns to violet somewhere along the way, nobody can say where.',
        'Grün, das unterwegs in Violett übergeht; wo genau, kann niemand sagen.',
      ],
      attributes: { length_cm: 190, weight_g: 190 },
      tags: ['new'],
    },
  ],
  editions: [
    {
      name: ['Lambswool', 'Lammwolle'],
      story: ['Brushed with teasels, the old way.', 'Mit Karden aufgeraut, auf die alte Art.'],
      priceFactor: 1,
      attributes: { material: 'lambswool' },
    },
    {
      name: ['Silk and Wool', 'Seide und Wolle'],
      story: [
        'A third silk, for the shine that wool is too modest for.',
        'Ein Drittel Seide, für den Glanz, zu dem Wolle zu bescheiden ist.',
      ],
      priceFactor: 1.5,
      attributes: { material: 'silk blend' },
    },
  ],
}

const BOOTS: Leaf = {
  code: 'BOOT',
  path: ['Clothing', 'Shoes', 'Boots'],
  noun: ['Boots', 'Stiefel'],
  options: { size: SHOE_SIZES },
  attributes: { seasons: ['autumn', 'winter', 'spring'], resoleable: true },
  designs: [
    {
      brand: 'Long Way Home',
      priceMinor: 23900,
      name: ['Scenic Route', 'Umweg'],
      story: ['Because the map was only a suggestion.', 'Denn die Karte war nur ein Vorschlag.'],
      attributes: { shaft_cm: 14, weight_g: 1250, lined: false },
      tags: ['bestseller'],
    },
    {
      brand: 'Long Way Home',
      priceMinor: 26900,
      name: ['First Snow', 'Erster Schnee'],
      story: ['Lined and grippy: be the first to leave a track.', 'Gefüttert und griffig: für die erste Spur des Winters.'],
      attributes: { shaft_cm: 20, weight_g: 1500, lined: true },
    },
    {
      brand: 'Long Way Home',
      priceMinor: 19900,
      name: ['Office Mountain', 'Büroberg'],
      story: ['Climbs stairs, passes dress codes.', 'Steigt Treppen und besteht jede Kleiderordnung.'],
      attributes: { shaft_cm: 11, weight_g: 980, lined: false },
    },
    {
      brand: 'Fairweather',
      priceMinor: 12900,
      name: ['Allotment', 'Schrebergarten'],
      story: ['Pull-on boots that leave the mud where it belongs.', 'Schlupfstiefel, die den Matsch dort lassen, wo er hingehört.'],
      attributes: { shaft_cm: 25, weight_g: 1350, lined: false },
    },
    {
      brand: 'Long Way Home',
      priceMinor: 21900,
      name: ['Last Bus Missed', 'Letzter Bus weg'],
      story: ['It is only six kilometers and the stars are out.', 'Es sind nur sechs Kilometer, und die Sterne sind da.'],
      attributes: { shaft_cm: 15, weight_g: 1100, lined: false },
      tags: ['made-to-last'],
    },
  ],
  editions: [
    {
      name: ['Oiled Leather', 'Fettleder'],
      story: [
        'Oiled leather, welted sole: a cobbler can bring them back twice.',
        'Gefettetes Leder, rahmengenäht: Ein Schuster kann sie zweimal retten.',
      ],
      priceFactor: 1.15,
      attributes: { material: 'leather', vegan: false },
    },
    {
      name: ['Cork Fabric', 'Korkstoff'],
      story: ['Cork fabric: light, dry and no cow was asked.', 'Korkstoff: leicht, trocken, und keine Kuh wurde gefragt.'],
      priceFactor: 1,
      attributes: { material: 'cork', vegan: true },
    },
  ],
}

export const CLOTHING: readonly Leaf[] = [JACKETS, RAINCOATS, SWEATERS, SOCKS, HATS, SCARVES, BOOTS]
