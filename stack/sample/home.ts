/** The sample shop's department "Home & Living": lamps, seats and blankets. */
import type { Leaf } from './leaf.ts'

const TABLE_LAMPS: Leaf = {
  code: 'LAMP',
  path: ['Home & Living', 'Lighting', 'Table Lamps'],
  noun: ['Table Lamp', 'Tischleuchte'],
  options: {},
  attributes: { socket: 'E27', rooms: ['study', 'bedroom', 'living room'] },
  designs: [
    {
      brand: 'Lumen & Daughter',
      priceMinor: 12900,
      name: ['Night Shift', 'Nachtschicht'],
      story: [
        'A lamp for the last chapter, the last stitch and the last line of code.',
        'Eine Leuchte für das letzte Kapitel, die letzte Masche und die letzte Zeile Code.',
      ],
      attributes: { height_cm: 42, weight_g: 1850, dimmable: true },
      tags: ['bestseller'],
    },
    {
      brand: 'Lumen & Daughter',
      priceMinor: 9800,
      name: ['Lighthouse Keeper', 'Leuchtturmwärter'],
      story: [
        'Its head turns a full circle, so somebody in the house always knows where the shore is.',
        'Ihr Kopf dreht sich einmal ganz herum, damit im Haus immer jemand weiß, wo das Ufer ist.',
      ],
      attributes: { height_cm: 51, weight_g: 2300, dimmable: false },
    },
    {
      brand: 'Slow Oak',
      priceMinor: 7400,
      name: ['Small Moon', 'Kleiner Mond'],
      story: [
        'A glass globe the size of a grapefruit that waxes when you touch it and wanes when you touch it again.',
        'Eine Glaskugel, groß wie eine Grapefruit: Sie nimmt zu, wenn man sie berührt, und beim nächsten Mal wieder ab.',
      ],
      attributes: { height_cm: 18, weight_g: 640, dimmable: true },
      tags: ['gift'],
    },
    {
      brand: 'Slow Oak',
      priceMinor: 15600,
      name: ['Heron', 'Graureiher'],
      story: [
        'Stands on one leg, looks down at your papers and never interrupts.',
        'Steht auf einem Bein, schaut auf Ihre Papiere und unterbricht nie.',
      ],
      attributes: { height_cm: 63, weight_g: 2900, dimmable: true },
    },
    {
      brand: 'Lumen & Daughter',
      priceMinor: 5900,
      name: ['Plain Speaking', 'Klartext'],
      story: [
        'A base, a stem, a shade. We tried to leave out one more thing and it fell over.',
        'Ein Fuß, ein Stab, ein Schirm. Wir wollten noch etwas weglassen, da fiel sie um.',
      ],
      attributes: { height_cm: 36, weight_g: 1200, dimmable: false },
    },
  ],
  editions: [
    {
      name: ['Brass', 'Messing'],
      story: [
        'Unlacquered brass darkens with the years, as it should.',
        'Unlackiertes Messing dunkelt mit den Jahren nach, und das soll es auch.',
      ],
      priceFactor: 1.25,
      attributes: { material: 'brass' },
    },
    {
      name: ['Painted Steel', 'lackierter Stahl'],
      story: ['Powder-coated steel that forgives a fall from the desk.', 'Pulverbeschichteter Stahl, der einen Sturz vom Tisch verzeiht.'],
      priceFactor: 1,
      attributes: { material: 'steel' },
    },
  ],
}

const PENDANT_LIGHTS: Leaf = {
  code: 'PENDANT',
  path: ['Home & Living', 'Lighting', 'Pendant Lights'],
  noun: ['Pendant Light', 'Pendelleuchte'],
  options: { diameter: ['30 cm', '45 cm'] },
  attributes: { socket: 'E27', dimmable: true, rooms: ['kitchen', 'dining room'] },
  designs: [
    {
      brand: 'Lumen & Daughter',
      priceMinor: 18900,
      name: ['Table for Six', 'Tisch für sechs'],
      story: [
        'Lights the bread and the wine, and is kind to everyone around them.',
        'Beleuchtet Brot und Wein und meint es gut mit allen, die davor sitzen.',
      ],
      attributes: { cord_m: 2.5 },
    },
    {
      brand: 'Lumen & Daughter',
      priceMinor: 14500,
      name: ['Jellyfish', 'Qualle'],
      story: [
        'Pleats that drift in the draft of an open window. Does not sting.',
        'Falten, die sich im Luftzug wiegen, wenn ein Fenster offen ist. Brennt nicht.',
      ],
      attributes: { cord_m: 2 },
      tags: ['new'],
    },
    {
      brand: 'Slow Oak',
      priceMinor: 16700,
      name: ['Beehive', 'Bienenkorb'],
      story: [
        'Coiled like a straw hive, with a warm hum you only imagine.',
        'Gewickelt wie ein Bienenkorb aus Stroh; das warme Summen bildet man sich nur ein.',
      ],
      attributes: { cord_m: 2.5 },
    },
    {
      brand: 'Lumen & Daughter',
      priceMinor: 21900,
      name: ['Orrery', 'Planetarium'],
      story: [
        'Three shades on one arm, each in its own orbit. Counterweights included, astronomy not.',
        'Drei Schirme an einem Arm, jeder auf seiner Bahn. Gegengewichte liegen bei, Sternenkunde nicht.',
      ],
      attributes: { cord_m: 3 },
    },
    {
      brand: 'Slow Oak',
      priceMinor: 8900,
      name: ['Bell Jar', 'Glasglocke'],
      story: [
        'Clear glass around one honest bulb. Dust it once a year and it forgives the rest.',
        'Klares Glas um eine ehrliche Glühlampe. Einmal im Jahr abstauben genügt ihr.',
      ],
      attributes: { cord_m: 1.8 },
      tags: ['bestseller'],
    },
  ],
  editions: [
    {
      name: ['Opal', 'Opal'],
      story: ['Mouth-blown opal glass, no two exactly alike.', 'Mundgeblasenes Opalglas, keines genau wie das andere.'],
      priceFactor: 1.2,
      attributes: { material: 'glass' },
    },
    {
      name: ['Folded Paper', 'Faltpapier'],
      story: ['Folded by hand from paper that does not mind steam.', 'Von Hand gefaltet aus Papier, dem Dampf nichts ausmacht.'],
      priceFactor: 0.7,
      attributes: { material: 'paper' },
    },
  ],
}

const ARMCHAIRS: Leaf = {
  code: 'CHAIR',
  path: ['Home & Living', 'Seating', 'Armchairs'],
  noun: ['Armchair', 'Sessel'],
  options: { color: ['moss', 'rust', 'oat', 'ink', 'plum'] },
  attributes: { assembly_required: false, rooms: ['living room', 'study'] },
  designs: [
    {
      brand: 'Slow Oak',
      priceMinor: 64900,
      name: ['Second Coffee', 'Zweiter Kaffee'],
      story: [
        'Arms wide enough for a cup and a saucer. You were going to get up, and then you were not.',
        'Armlehnen, auf denen Tasse und Untertasse Platz haben. Man wollte aufstehen, und dann doch nicht.',
      ],
      attributes: { seat_height_cm: 43, weight_g: 21500 },
      tags: ['bestseller'],
    },
    {
      brand: 'Slow Oak',
      priceMinor: 72900,
      name: ['Grandfather Clause', 'Bestandsschutz'],
      story: [
        'A wing chair with the manners of an older house and the springs of a newer one.',
        'Ein Ohrensessel mit den Manieren eines alten Hauses und den Federn eines neuen.',
      ],
      attributes: { seat_height_cm: 46, weight_g: 26000 },
    },
    {
      brand: 'Woolgather',
      priceMinor: 48900,
      name: ['Cat Was Here First', 'Die Katze war zuerst da'],
      story: [
        'Tight weave, rounded corners and a warm spot that is always taken.',
        'Dichtes Gewebe, runde Ecken und ein warmer Platz, der immer schon besetzt ist.',
      ],
      attributes: { seat_height_cm: 41, weight_g: 17800 },
      tags: ['gift'],
    },
    {
      brand: 'Slow Oak',
      priceMinor: 55900,
      name: ['Long Reply', 'Lange Antwort'],
      story: [
        'Upright enough to write, soft enough to reconsider.',
        'Gerade genug zum Schreiben, weich genug, um es sich noch einmal zu überlegen.',
      ],
      attributes: { seat_height_cm: 45, weight_g: 15400 },
    },
    {
      brand: 'Woolgather',
      priceMinor: 39900,
      name: ['Sunday Paper', 'Sonntagszeitung'],
      story: ['Low, deep and fitted with a pocket for the crossword.', 'Niedrig, tief und mit einer Tasche für das Kreuzworträtsel.'],
      attributes: { seat_height_cm: 38, weight_g: 14900 },
    },
  ],
  editions: [
    {
      name: ['Wool Cover', 'Wollbezug'],
      story: ['Covered in felted wool from one mill in one valley.', 'Bezogen mit Filzwolle aus einer Weberei in einem Tal.'],
      priceFactor: 1.15,
      attributes: { material: 'wool', removable_cover: true },
    },
    {
      name: ['Linen Cover', 'Leinenbezug'],
      story: [
        'Covered in washed linen that comes off with one zip.',
        'Bezogen mit gewaschenem Leinen, das ein einziger Reißverschluss löst.',
      ],
      priceFactor: 1,
      attributes: { material: 'linen', removable_cover: true },
    },
  ],
}

const STOOLS: Leaf = {
  code: 'STOOL',
  path: ['Home & Living', 'Seating', 'Stools'],
  noun: ['Stool', 'Hocker'],
  options: { height: ['45 cm', '65 cm'] },
  attributes: { stackable: true, max_load_kg: 150 },
  designs: [
    {
      brand: 'Slow Oak',
      priceMinor: 11900,
      name: ['Milking Hour', 'Melkstunde'],
      story: [
        'Three legs never wobble. Farmers knew it, then geometry proved it.',
        'Drei Beine wackeln nie. Die Bauern wussten es, die Geometrie hat es bewiesen.',
      ],
      attributes: { legs: 3, weight_g: 3100 },
      tags: ['bestseller'],
    },
    {
      brand: 'Slow Oak',
      priceMinor: 13900,
      name: ['Just for a Minute', 'Nur kurz'],
      story: [
        'For putting on shoes, reaching the jam and hearing the whole story in the kitchen.',
        'Zum Schuheanziehen, für die Marmelade ganz oben und für die ganze Geschichte in der Küche.',
      ],
      attributes: { legs: 4, weight_g: 3600 },
    },
    {
      brand: 'Slow Oak',
      priceMinor: 9900,
      name: ['Mushroom', 'Steinpilz'],
      story: ['Round on top, sturdy below, found in groups.', 'Oben rund, unten kräftig, meist in Gruppen anzutreffen.'],
      attributes: { legs: 1, weight_g: 4200 },
    },
    {
      brand: 'Slow Oak',
      priceMinor: 15900,
      name: ['Regular', 'Stammgast'],
      story: [
        'A bar stool with a footrest in the right place and an opinion about football.',
        'Ein Barhocker mit der Fußstütze an der richtigen Stelle und einer Meinung zum Fußball.',
      ],
      attributes: { legs: 4, weight_g: 4800 },
    },
    {
      brand: 'Slow Oak',
      priceMinor: 8400,
      name: ['Understudy', 'Zweitbesetzung'],
      story: [
        'Waits folded behind the door until the eighth guest rings.',
        'Wartet zusammengeklappt hinter der Tür, bis der achte Gast klingelt.',
      ],
      attributes: { legs: 4, weight_g: 2700 },
      tags: ['small-space'],
    },
  ],
  editions: [
    {
      name: ['Oak', 'Eiche'],
      story: ['Solid oak, oiled twice and sat on once, for testing.', 'Massive Eiche, zweimal geölt und einmal probegesessen.'],
      priceFactor: 1.2,
      attributes: { material: 'oak' },
    },
    {
      name: ['Ash', 'Esche'],
      story: [
        'Pale ash, which takes a knock better than most of us.',
        'Helle Esche, die einen Stoß besser wegsteckt als die meisten von uns.',
      ],
      priceFactor: 1,
      attributes: { material: 'ash' },
    },
  ],
}

const BLANKETS: Leaf = {
  code: 'BLANKET',
  path: ['Home & Living', 'Textiles', 'Blankets'],
  noun: ['Blanket', 'Decke'],
  options: { size: ['130 x 170 cm', '150 x 200 cm'], color: ['fog', 'moss', 'rust', 'night', 'oat'] },
  attributes: { seasons: ['autumn', 'winter'] },
  designs: [
    {
      brand: 'Woolgather',
      priceMinor: 14900,
      name: ['Hibernation', 'Winterschlaf'],
      story: ['Set the alarm for March.', 'Stellen Sie den Wecker auf März.'],
      attributes: { weight_g: 1900, machine_washable: false },
      tags: ['bestseller', 'gift'],
    },
    {
      brand: 'Woolgather',
      priceMinor: 11900,
      name: ['Train to the Coast', 'Zug ans Meer'],
      story: [
        'Thin enough to roll into a bag, warm enough for a window seat after dark.',
        'Dünn genug für die Tasche, warm genug für den Fensterplatz nach Einbruch der Dunkelheit.',
      ],
      attributes: { weight_g: 780, machine_washable: true },
    },
    {
      brand: 'Woolgather',
      priceMinor: 12900,
      name: ['Plowed Field', 'Frisch gepflügt'],
      story: [
        'Ribs as regular as furrows seen from a hill in October.',
        'Rippen, so gleichmäßig wie Furchen, die man im Oktober vom Hügel aus sieht.',
      ],
      attributes: { weight_g: 1400, machine_washable: false },
    },
    {
      brand: 'Woolgather',
      priceMinor: 9900,
      name: ['Shared Custody', 'Geteiltes Sorgerecht'],
      story: ['Extra wide, because somebody always pulls.', 'Extra breit, denn einer zieht immer.'],
      attributes: { weight_g: 1650, machine_washable: true },
    },
    {
      brand: 'Woolgather',
      priceMinor: 8900,
      name: ['Porch', 'Veranda'],
      story: [
        'Lives outside from May to September and smells faintly of evenings.',
        'Wohnt von Mai bis September draußen und riecht ein wenig nach Abend.',
      ],
      attributes: { weight_g: 1100, machine_washable: true },
      tags: ['new'],
    },
  ],
  editions: [
    {
      name: ['Lambswool', 'Lammwolle'],
      story: ['Spun and woven from the first shearing.', 'Gesponnen und gewebt aus der ersten Schur.'],
      priceFactor: 1.3,
      attributes: { material: 'lambswool' },
    },
    {
      name: ['Recycled Cotton', 'Recycelte Baumwolle'],
      story: ['Made of cotton that was a shirt in an earlier life.', 'Aus Baumwolle, die in einem früheren Leben ein Hemd war.'],
      priceFactor: 0.8,
      attributes: { material: 'cotton' },
    },
  ],
}

export const HOME: readonly Leaf[] = [TABLE_LAMPS, PENDANT_LIGHTS, ARMCHAIRS, STOOLS, BLANKETS]
