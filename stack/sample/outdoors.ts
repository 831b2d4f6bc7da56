/** The sample shop's departments "Outdoors" and "Garden": under the sky, far away or just behind the house. */
import type { Leaf } from './leaf.ts'

const TENTS: Leaf = {
  code: 'TENT',
  path: ['Outdoors', 'Camping', 'Tents'],
  noun: ['Tent', 'Zelt'],
  options: { color: ['fern', 'sand', 'clay', 'dusk'] },
  attributes: { waterproof: true, includes: ['pegs', 'guy lines', 'repair kit'] },
  designs: [
    {
      brand: 'Halfway Hut',
      priceMinor: 32900,
      name: ['Room with a View', 'Zimmer mit Aussicht'],
      story: [
        'A window at pillow height, facing whatever you chose.',
        'Ein Fenster auf Kopfkissenhöhe, mit Blick auf das, was Sie sich ausgesucht haben.',
      ],
      attributes: { sleeps: 2, weight_g: 2150, setup_min: 6 },
      tags: ['bestseller'],
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 54900,
      name: ['Family Council', 'Familienrat'],
      story: ['Two sleeping cabins and a neutral zone between them.', 'Zwei Schlafkabinen und dazwischen eine neutrale Zone.'],
      attributes: { sleeps: 5, weight_g: 9800, setup_min: 18 },
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 28900,
      name: ['Plan B', 'Plan B'],
      story: ['Small enough to carry in case the hut is full.', 'Klein genug für den Fall, dass die Hütte voll ist.'],
      attributes: { sleeps: 1, weight_g: 1180, setup_min: 4 },
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 44900,
      name: ['Storm Lullaby', 'Sturmwiegenlied'],
      story: ['Six guy lines and a low profile. The wind only hums.', 'Sechs Abspannleinen und eine flache Form. Der Wind summt nur noch.'],
      attributes: { sleeps: 2, weight_g: 2900, setup_min: 9 },
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 19900,
      name: ['Back Garden', 'Hinterm Haus'],
      story: [
        'For the longest expedition of a summer: thirty steps from the kitchen.',
        'Für die längste Expedition des Sommers: dreißig Schritte von der Küche.',
      ],
      attributes: { sleeps: 3, weight_g: 3600, setup_min: 5 },
      tags: ['gift'],
    },
  ],
  editions: [
    {
      name: ['Three-Season', 'Drei Jahreszeiten'],
      story: ['Ventilated for nights above freezing.', 'Gut belüftet, für Nächte über null Grad.'],
      priceFactor: 1,
      attributes: { seasons: ['spring', 'summer', 'autumn'] },
    },
    {
      name: ['Four-Season', 'Vier Jahreszeiten'],
      story: [
        'A second skin and stronger poles for the rest of the calendar.',
        'Eine zweite Haut und stärkere Stangen für den Rest des Kalenders.',
      ],
      priceFactor: 1.35,
      attributes: { seasons: ['spring', 'summer', 'autumn', 'winter'] },
    },
  ],
}

const SLEEPING_BAGS: Leaf = {
  code: 'SLEEP',
  path: ['Outdoors', 'Camping', 'Sleeping Bags'],
  noun: ['Sleeping Bag', 'Schlafsack'],
  options: { length: ['185 cm', '200 cm'] },
  attributes: { shape: 'mummy', two_way_zip: true },
  designs: [
    {
      brand: 'Halfway Hut',
      priceMinor: 18900,
      name: ['Five More Minutes', 'Nur fünf Minuten'],
      story: ['You will hear the birds and decide against them.', 'Sie werden die Vögel hören und sich gegen sie entscheiden.'],
      attributes: { comfort_c: 5, weight_g: 980 },
      tags: ['bestseller'],
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 29900,
      name: ['Bear’s Opinion', 'Meinung des Bären'],
      story: ['Winter is best slept through.', 'Den Winter verschläft man am besten.'],
      attributes: { comfort_c: -12, weight_g: 1650 },
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 9900,
      name: ['July', 'Juli'],
      story: ['Hardly more than a sheet with ambitions.', 'Kaum mehr als ein Laken mit Ehrgeiz.'],
      attributes: { comfort_c: 15, weight_g: 560 },
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 21900,
      name: ['Side Sleeper', 'Seitenschläfer'],
      story: ['Wider at the knees, because nobody sleeps like a pharaoh.', 'An den Knien weiter, denn niemand schläft wie ein Pharao.'],
      attributes: { comfort_c: 2, weight_g: 1150 },
      tags: ['new'],
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 16900,
      name: ['Guest from Afar', 'Besuch von weit her'],
      story: [
        'Opens into a blanket and makes any floor a spare room.',
        'Lässt sich zur Decke öffnen und macht jeden Boden zum Gästezimmer.',
      ],
      attributes: { comfort_c: 10, weight_g: 1300, shape: 'blanket' },
    },
  ],
  editions: [
    {
      name: ['Down', 'Daune'],
      story: ['Traceable down, 700 cuin, packs to the size of a loaf.', 'Rückverfolgbare Daune, 700 cuin, gepackt so groß wie ein Brot.'],
      priceFactor: 1.5,
      attributes: { filling: 'down', vegan: false },
    },
    {
      name: ['Synthetic', 'Kunstfaser'],
      story: [
        'Recycled fiber that stays warm when the night is not dry.',
        'Recycelte Faser, die auch wärmt, wenn die Nacht nicht trocken bleibt.',
      ],
      priceFactor: 1,
      attributes: { filling: 'recycled polyester', vegan: true },
    },
  ],
}

const BACKPACKS: Leaf = {
  code: 'PACK',
  path: ['Outdoors', 'Carrying', 'Backpacks'],
  noun: ['Backpack', 'Rucksack'],
  options: { color: ['fern', 'ink', 'ochre', 'stone'] },
  attributes: { rain_cover: true, features: ['hip belt', 'bottle pocket'] },
  designs: [
    {
      brand: 'Long Way Home',
      priceMinor: 12900,
      name: ['One Bag Theory', 'Ein-Taschen-Theorie'],
      story: [
        'Opens like a suitcase, weighs like a promise kept.',
        'Öffnet sich wie ein Koffer und trägt sich wie ein gehaltenes Versprechen.',
      ],
      attributes: { volume_l: 35, weight_g: 1150, laptop: true },
      tags: ['bestseller'],
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 17900,
      name: ['Pass to Pass', 'Von Pass zu Pass'],
      story: [
        'Five days of food, a tent and one book nobody will finish.',
        'Essen für fünf Tage, ein Zelt und ein Buch, das niemand zu Ende liest.',
      ],
      attributes: { volume_l: 60, weight_g: 1680, laptop: false },
    },
    {
      brand: 'Long Way Home',
      priceMinor: 8900,
      name: ['Library Card', 'Bibliotheksausweis'],
      story: ['Square at the bottom, so that books stand up.', 'Unten eckig, damit Bücher darin stehen.'],
      attributes: { volume_l: 20, weight_g: 760, laptop: true },
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 6900,
      name: ['Cheese and Apple', 'Käse und Apfel'],
      story: ['A day bag for exactly what it says, plus a jacket.', 'Ein Tagesrucksack für genau das, und eine Jacke dazu.'],
      attributes: { volume_l: 16, weight_g: 480, laptop: false },
      tags: ['gift'],
    },
    {
      brand: 'Long Way Home',
      priceMinor: 10900,
      name: ['Night Market', 'Nachtmarkt'],
      story: ['Rolls open at the top as the evening goes on.', 'Der Rollverschluss wächst mit dem Abend.'],
      attributes: { volume_l: 28, weight_g: 890, laptop: true },
    },
  ],
  editions: [
    {
      name: ['Recycled Nylon', 'Recyceltes Nylon'],
      story: ['Spun from old nets, tough enough for airport belts.', 'Aus alten Netzen gesponnen und gepäckbandfest.'],
      priceFactor: 1,
      attributes: { material: 'recycled nylon' },
    },
    {
      name: ['Waxed Canvas', 'Gewachstes Segeltuch'],
      story: [
        'Waxed canvas and brass, to be handed down with its scars.',
        'Gewachstes Segeltuch und Messing, mit allen Narben zu vererben.',
      ],
      priceFactor: 1.3,
      attributes: { material: 'waxed canvas' },
    },
  ],
}

const HAND_TOOLS: Leaf = {
  code: 'TOOL',
  path: ['Garden', 'Tools', 'Hand Tools'],
  noun: ['Garden Tool', 'Gartengerät'],
  options: {},
  attributes: { rust_proof: true, made_for: ['beds', 'pots'] },
  designs: [
    {
      brand: 'Potting Shed',
      priceMinor: 2900,
      name: ['Mole', 'Maulwurf'],
      story: ['A narrow trowel that knows its way in the dark.', 'Eine schmale Pflanzkelle, die sich im Dunkeln auskennt.'],
      attributes: { kind: 'trowel', length_cm: 32, weight_g: 280 },
      tags: ['bestseller'],
    },
    {
      brand: 'Potting Shed',
      priceMinor: 3900,
      name: ['Second Opinion', 'Zweite Meinung'],
      story: ['Pruning shears with a lock. Count to three, then cut.', 'Eine Gartenschere mit Sperre. Bis drei zählen, dann schneiden.'],
      attributes: { kind: 'shears', length_cm: 21, weight_g: 240 },
    },
    {
      brand: 'Potting Shed',
      priceMinor: 3400,
      name: ['Root Cause', 'Wurzel des Übels'],
      story: ['A weeding fork that answers why the dandelion came back.', 'Ein Unkrautstecher, der klärt, warum der Löwenzahn wiederkam.'],
      attributes: { kind: 'weeder', length_cm: 38, weight_g: 310 },
    },
    {
      brand: 'Potting Shed',
      priceMinor: 4400,
      name: ['Comb Over', 'Scheitel'],
      story: ['A hand rake for beds that have visitors on Sunday.', 'Eine Handharke für Beete, die am Sonntag Besuch bekommen.'],
      attributes: { kind: 'rake', length_cm: 40, weight_g: 350 },
    },
    {
      brand: 'Potting Shed',
      priceMinor: 2400,
      name: ['Point Made', 'Auf den Punkt'],
      story: [
        'A dibber with a scale: holes of equal depth, a row of equal tulips.',
        'Ein Pflanzholz mit Skala: gleich tiefe Löcher, gleich hohe Tulpen.',
      ],
      attributes: { kind: 'dibber', length_cm: 28, weight_g: 220 },
      tags: ['gift'],
    },
  ],
  editions: [
    {
      name: ['Ash Handle', 'Eschengriff'],
      story: ['Forged steel on ash, shaped for gloves.', 'Geschmiedeter Stahl an Esche, passend für Handschuhe.'],
      priceFactor: 1,
      attributes: { handle: 'ash' },
    },
    {
      name: ['Copper Alloy', 'Kupferlegierung'],
      story: [
        'A copper alloy that slips through clay and never rusts.',
        'Eine Kupferlegierung, die durch Lehm gleitet und niemals rostet.',
      ],
      priceFactor: 1.7,
      attributes: { handle: 'beech' },
    },
  ],
}

const WATERING_CANS: Leaf = {
  code: 'CAN',
  path: ['Garden', 'Tools', 'Watering Cans'],
  noun: ['Watering Can', 'Gießkanne'],
  options: { capacity: ['1.5 l', '5 l', '9 l'] },
  attributes: { rose_included: true },
  designs: [
    {
      brand: 'Potting Shed',
      priceMinor: 3900,
      name: ['Light Drizzle', 'Nieselregen'],
      story: ['A rose so fine that seedlings think it is April.', 'Eine so feine Brause, dass die Sämlinge an April glauben.'],
      attributes: { weight_g: 900, indoor: true },
      tags: ['bestseller'],
    },
    {
      brand: 'Potting Shed',
      priceMinor: 4400,
      name: ['Flamingo', 'Flamingo'],
      story: ['A long neck for the pots at the back of the sill.', 'Ein langer Hals für die Töpfe ganz hinten auf dem Fensterbrett.'],
      attributes: { weight_g: 650, indoor: true },
      tags: ['gift'],
    },
    {
      brand: 'Potting Shed',
      priceMinor: 5400,
      name: ['Holiday Neighbor', 'Urlaubsnachbar'],
      story: [
        'Two handles, balanced full and empty. Bring back something nice.',
        'Zwei Griffe, voll wie leer im Gleichgewicht. Bitte etwas Nettes mitbringen.',
      ],
      attributes: { weight_g: 1250, indoor: false },
    },
    {
      brand: 'Potting Shed',
      priceMinor: 3400,
      name: ['Small Elephant', 'Kleiner Elefant'],
      story: ['Remembers to be filled, if left by the door.', 'Vergisst nie, gefüllt zu werden, wenn man ihn an die Tür stellt.'],
      attributes: { weight_g: 720, indoor: false },
    },
    {
      brand: 'Potting Shed',
      priceMinor: 4900,
      name: ['Monsoon', 'Monsun'],
      story: ['For tomatoes in August, and for boots.', 'Für Tomaten im August, und für die Stiefel gleich mit.'],
      attributes: { weight_g: 1500, indoor: false },
    },
  ],
  editions: [
    {
      name: ['Zinc', 'Zink'],
      story: ['Hot-dipped zinc, with the clank of a good morning.', 'Feuerverzinkt, mit dem Klang eines guten Morgens.'],
      priceFactor: 1,
      attributes: { material: 'zinc' },
    },
    {
      name: ['Enamel', 'Emaille'],
      story: ['Enameled steel in the green of old train stations.', 'Emaillierter Stahl im Grün alter Bahnhöfe.'],
      priceFactor: 1.25,
      attributes: { material: 'enamel' },
    },
  ],
}

const SEEDS: Leaf = {
  code: 'SEED',
  path: ['Garden', 'Plants', 'Seeds'],
  noun: ['Seeds', 'Saatgut'],
  options: {},
  attributes: { organic: true, open_pollinated: true },
  designs: [
    {
      brand: 'Potting Shed',
      priceMinor: 390,
      name: ['Patient Carrot', 'Geduldige Möhre'],
      story: ['Eighteen days to come up. Do not dig to check.', 'Achtzehn Tage bis zum Keimen. Bitte nicht nachgraben.'],
      attributes: { sow: ['March', 'April', 'May'], height_cm: 30, germination_days: 18 },
    },
    {
      brand: 'Potting Shed',
      priceMinor: 450,
      name: ['Gossiping Poppy', 'Plaudermohn'],
      story: ['Tells the whole street by its second year.', 'Weiß im zweiten Jahr die ganze Straße.'],
      attributes: { sow: ['September', 'March'], height_cm: 70, germination_days: 14 },
      tags: ['bestseller', 'bees'],
    },
    {
      brand: 'Potting Shed',
      priceMinor: 490,
      name: ['Neighborly Bean', 'Nachbarschaftsbohne'],
      story: ['Climbs the fence and shares.', 'Klettert über den Zaun und teilt.'],
      attributes: { sow: ['May', 'June'], height_cm: 240, germination_days: 9 },
    },
    {
      brand: 'Potting Shed',
      priceMinor: 420,
      name: ['Grumpy Radish', 'Grantiger Rettich'],
      story: ['Sharp by June, and right about most things.', 'Im Juni schon scharf, und meistens im Recht.'],
      attributes: { sow: ['April', 'May', 'August'], height_cm: 25, germination_days: 5 },
    },
    {
      brand: 'Potting Shed',
      priceMinor: 520,
      name: ['Tall Story', 'Hoch hinaus'],
      story: [
        'Sunflowers. The record in our yard is 3.12 m, says the one who held the ladder.',
        'Sonnenblumen. Der Rekord in unserem Hof liegt bei 3,12 m, sagt, wer die Leiter hielt.',
      ],
      attributes: { sow: ['April', 'May'], height_cm: 300, germination_days: 10 },
      tags: ['gift', 'bees'],
    },
  ],
  editions: [
    {
      name: ['Packet', 'Tüte'],
      story: ['A paper packet for about two meters of row.', 'Eine Papiertüte für etwa zwei Meter Reihe.'],
      priceFactor: 1,
      attributes: { content: '2 m row' },
    },
    {
      name: ['Seed Tape', 'Saatband'],
      story: ['Spaced on a paper tape: unroll, cover, wait.', 'Im richtigen Abstand auf Papierband: ausrollen, bedecken, warten.'],
      priceFactor: 1.4,
      attributes: { content: '5 m tape' },
    },
  ],
}

export const OUTDOORS: readonly Leaf[] = [TENTS, SLEEPING_BAGS, BACKPACKS, HAND_TOOLS, WATERING_CANS, SEEDS]
