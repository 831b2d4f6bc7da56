/** The sample shop's departments "Study" and "Music & Play": paper, ink, clocks, headphones, games. */
import type { Leaf } from './leaf.ts'

const NOTEBOOKS: Leaf = {
  code: 'NOTE',
  path: ['Study', 'Paper', 'Notebooks'],
  noun: ['Notebook', 'Notizbuch'],
  options: { size: ['A6', 'A5'], color: ['kraft', 'midnight', 'tomato', 'olive'] },
  attributes: { fountain_pen_friendly: true, uses: ['notes', 'drafts'] },
  designs: [
    {
      brand: 'Blot & Sons',
      priceMinor: 1600,
      name: ['First Draft', 'Erster Entwurf'],
      story: [
        'Cheap enough to write badly in, which is how it starts.',
        'Günstig genug, um schlecht hineinzuschreiben, denn so fängt es an.',
      ],
      attributes: { pages: 96, lay_flat: true },
      tags: ['bestseller'],
    },
    {
      brand: 'Blot & Sons',
      priceMinor: 2400,
      name: ['Unsent Letters', 'Nie abgeschickt'],
      story: [
        'Pages that tear out cleanly, should you change your mind.',
        'Seiten, die sich sauber heraustrennen lassen, falls Sie es sich anders überlegen.',
      ],
      attributes: { pages: 144, lay_flat: true },
    },
    {
      brand: 'Blot & Sons',
      priceMinor: 2900,
      name: ['Field Biologist', 'Feldforscherin'],
      story: [
        'Water-resistant cover, a ruler inside and room for one feather.',
        'Wasserfester Umschlag, innen ein Lineal und Platz für eine Feder.',
      ],
      attributes: { pages: 128, lay_flat: false },
    },
    {
      brand: 'Blot & Sons',
      priceMinor: 1900,
      name: ['To Do, or Not', 'Zu tun oder nicht'],
      story: [
        'Half lists, half blank. Be honest about the ratio.',
        'Halb Listen, halb leer. Seien Sie ehrlich, was das Verhältnis angeht.',
      ],
      attributes: { pages: 112, lay_flat: true },
      tags: ['gift'],
    },
    {
      brand: 'Blot & Sons',
      priceMinor: 3400,
      name: ['Five Years', 'Fünf Jahre'],
      story: [
        'A line a day for five years. In the third it gets interesting.',
        'Eine Zeile am Tag, fünf Jahre lang. Im dritten wird es spannend.',
      ],
      attributes: { pages: 384, lay_flat: true },
    },
  ],
  editions: [
    {
      name: ['Dotted', 'gepunktet'],
      story: ['Dots that guide and then step back.', 'Punkte, die führen und sich dann zurückziehen.'],
      priceFactor: 1,
      attributes: { ruling: 'dotted', paper_gsm: 90 },
    },
    {
      name: ['Plain', 'blanko'],
      story: ['Nothing printed at all, on heavier paper.', 'Ganz unbedruckt, auf schwererem Papier.'],
      priceFactor: 1.1,
      attributes: { ruling: 'plain', paper_gsm: 120 },
    },
  ],
}

const FOUNTAIN_PENS: Leaf = {
  code: 'PEN',
  path: ['Study', 'Writing', 'Fountain Pens'],
  noun: ['Fountain Pen', 'Füller'],
  options: { nib: ['EF', 'F', 'M', 'B'] },
  attributes: { filling: ['cartridge', 'converter'], refillable: true },
  designs: [
    {
      brand: 'Blot & Sons',
      priceMinor: 4900,
      name: ['Signature', 'Unterschrift'],
      story: ['For contracts, postcards and parking tickets alike.', 'Für Verträge, Postkarten und Strafzettel gleichermaßen.'],
      attributes: { length_mm: 138, weight_g: 24, left_handed: false },
      tags: ['bestseller'],
    },
    {
      brand: 'Blot & Sons',
      priceMinor: 3400,
      name: ['Left Bank', 'Linkes Ufer'],
      story: ['Cut for the left hand: dry ink, clean cuff.', 'Für die linke Hand geschliffen: trockene Tinte, saubere Manschette.'],
      attributes: { length_mm: 135, weight_g: 19, left_handed: true },
    },
    {
      brand: 'Blot & Sons',
      priceMinor: 8900,
      name: ['Submarine', 'U-Boot'],
      story: [
        'Holds three milliliters and a small window to see how deep you are.',
        'Fasst drei Milliliter und hat ein kleines Fenster für den Pegelstand.',
      ],
      attributes: { length_mm: 146, weight_g: 31, left_handed: false },
    },
    {
      brand: 'Blot & Sons',
      priceMinor: 2900,
      name: ['Homework', 'Hausaufgabe'],
      story: ['Soft grip, firm clip, survives the bottom of any bag.', 'Weicher Griff, fester Clip, überlebt den Boden jeder Tasche.'],
      attributes: { length_mm: 130, weight_g: 16, left_handed: false },
      tags: ['school'],
    },
    {
      brand: 'Blot & Sons',
      priceMinor: 12900,
      name: ['Last Word', 'Das letzte Wort'],
      story: ['Heavy enough that you choose it carefully.', 'So schwer, dass man es mit Bedacht wählt.'],
      attributes: { length_mm: 142, weight_g: 42, left_handed: false },
      tags: ['gift', 'made-to-last'],
    },
  ],
  editions: [
    {
      name: ['Resin', 'Edelharz'],
      story: ['Turned from a rod of resin, warm to the hand.', 'Aus Edelharz gedreht, warm in der Hand.'],
      priceFactor: 1,
      attributes: { material: 'resin' },
    },
    {
      name: ['Brass', 'Messing'],
      story: ['Solid brass that learns where your fingers go.', 'Massives Messing, das sich merkt, wo Ihre Finger liegen.'],
      priceFactor: 1.4,
      attributes: { material: 'brass' },
    },
  ],
}

const CLOCKS: Leaf = {
  code: 'CLOCK',
  path: ['Study', 'Desk', 'Clocks'],
  noun: ['Clock', 'Uhr'],
  options: { color: ['white', 'black', 'signal red', 'pale green'] },
  attributes: { battery: 'AA', silent: true },
  designs: [
    {
      brand: 'Tick Mark',
      priceMinor: 4900,
      name: ['About Ten', 'So gegen zehn'],
      story: ['Only an hour hand. For weekends.', 'Nur ein Stundenzeiger. Fürs Wochenende.'],
      attributes: { diameter_cm: 20, alarm: false },
      tags: ['bestseller'],
    },
    {
      brand: 'Tick Mark',
      priceMinor: 3900,
      name: ['Rooster Retired', 'Hahn im Ruhestand'],
      story: ['An alarm that begins as a hum and gives you a chance.', 'Ein Wecker, der leise anfängt und einem eine Chance gibt.'],
      attributes: { diameter_cm: 9, alarm: true },
    },
    {
      brand: 'Tick Mark',
      priceMinor: 6900,
      name: ['Station Hall', 'Bahnhofshalle'],
      story: ['Legible across a hall, and never delayed by leaves.', 'Quer durch die Halle lesbar und nie verspätet wegen Laub.'],
      attributes: { diameter_cm: 38, alarm: false },
    },
    {
      brand: 'Tick Mark',
      priceMinor: 5400,
      name: ['Elsewhere', 'Anderswo'],
      story: [
        'Two faces: here, and where somebody you like is having breakfast.',
        'Zwei Zifferblätter: hier, und dort, wo jemand Liebes gerade frühstückt.',
      ],
      attributes: { diameter_cm: 16, alarm: false },
      tags: ['gift'],
    },
    {
      brand: 'Tick Mark',
      priceMinor: 2900,
      name: ['Soft Boiled', 'Weich gekocht'],
      story: [
        'A timer for eggs, tea and the length of a good argument.',
        'Ein Kurzzeitmesser für Eier, Tee und die Dauer eines guten Streits.',
      ],
      attributes: { diameter_cm: 7, alarm: true },
    },
  ],
  editions: [
    {
      name: ['Aluminum', 'Aluminium'],
      story: ['A spun aluminum case, light as a good excuse.', 'Ein gedrücktes Aluminiumgehäuse, leicht wie eine gute Ausrede.'],
      priceFactor: 1,
      attributes: { material: 'aluminum' },
    },
    {
      name: ['Beech', 'Buche'],
      story: ['A case of steamed beech, from trees that had time.', 'Ein Gehäuse aus gedämpfter Buche, von Bäumen, die Zeit hatten.'],
      priceFactor: 1.2,
      attributes: { material: 'beech' },
    },
  ],
}

const HEADPHONES: Leaf = {
  code: 'PHONES',
  path: ['Music & Play', 'Listening', 'Headphones'],
  noun: ['Headphones', 'Kopfhörer'],
  options: { color: ['graphite', 'cream', 'forest', 'brick'] },
  attributes: { microphone: true, formats: ['aac', 'sbc', 'ldac'] },
  designs: [
    {
      brand: 'Low Fidelity',
      priceMinor: 19900,
      name: ['Do Not Disturb', 'Bitte nicht stören'],
      story: ['Cancels engines, open-plan offices and most uncles.', 'Schluckt Motoren, Großraumbüros und die meisten Onkel.'],
      attributes: { battery_h: 38, weight_g: 265, noise_canceling: true },
      tags: ['bestseller'],
    },
    {
      brand: 'Low Fidelity',
      priceMinor: 14900,
      name: ['Front Row', 'Erste Reihe'],
      story: [
        'Open backs: you hear the room, and the room hears you humming.',
        'Offene Bauweise: Sie hören den Raum, und der Raum hört Sie summen.',
      ],
      attributes: { battery_h: 30, weight_g: 240, noise_canceling: false },
    },
    {
      brand: 'Low Fidelity',
      priceMinor: 9900,
      name: ['Bus Stop', 'Haltestelle'],
      story: ['Fold flat, pair at once, survive rain and backpacks.', 'Flach faltbar, sofort verbunden, regen- und rucksackfest.'],
      attributes: { battery_h: 24, weight_g: 190, noise_canceling: false },
    },
    {
      brand: 'Low Fidelity',
      priceMinor: 24900,
      name: ['Mixing Desk', 'Mischpult'],
      story: [
        'Flat response, replaceable everything, and the truth about your demo.',
        'Linearer Klang, alles austauschbar, und die Wahrheit über Ihr Demo.',
      ],
      attributes: { battery_h: 45, weight_g: 310, noise_canceling: false },
      tags: ['made-to-last'],
    },
    {
      brand: 'Low Fidelity',
      priceMinor: 7900,
      name: ['Little Ears', 'Kleine Ohren'],
      story: ['Limited to 85 dB, unlimited in audio stories.', 'Auf 85 dB begrenzt, bei Hörspielen unbegrenzt.'],
      attributes: { battery_h: 28, weight_g: 150, noise_canceling: false },
      tags: ['gift'],
    },
  ],
  editions: [
    {
      name: ['Wireless', 'kabellos'],
      story: [
        'Two devices at once, and a cable in the box for old times.',
        'Zwei Geräte zugleich, und für alle Fälle liegt ein Kabel bei.',
      ],
      priceFactor: 1.15,
      attributes: { wireless: true },
    },
    {
      name: ['Wired', 'mit Kabel'],
      story: ['A braided cable, no pairing, no battery, no waiting.', 'Geflochtenes Kabel, kein Koppeln, kein Akku, kein Warten.'],
      priceFactor: 0.8,
      attributes: { wireless: false, battery_h: 0 },
    },
  ],
}

const BOARD_GAMES: Leaf = {
  code: 'GAME',
  path: ['Music & Play', 'Games', 'Board Games'],
  noun: ['Board Game', 'Brettspiel'],
  options: {},
  attributes: { plastic_free: true, good_for: ['family', 'friends'] },
  designs: [
    {
      brand: 'Rainy Sunday',
      priceMinor: 3900,
      name: ['Lighthouse Tax', 'Leuchtturmsteuer'],
      story: ['Everybody needs the light, nobody wants to pay for it.', 'Alle brauchen das Licht, niemand will es bezahlen.'],
      attributes: { players_min: 3, players_max: 5, minutes: 60, age_from: 10 },
      tags: ['bestseller'],
    },
    {
      brand: 'Rainy Sunday',
      priceMinor: 2900,
      name: ['Sheep and Fences', 'Schafe und Zäune'],
      story: ['Twelve sheep, eleven fences. It is always that one sheep.', 'Zwölf Schafe, elf Zäune. Es ist immer dieses eine Schaf.'],
      attributes: { players_min: 2, players_max: 4, minutes: 30, age_from: 6 },
    },
    {
      brand: 'Rainy Sunday',
      priceMinor: 4900,
      name: ['The Slow Train', 'Der Bummelzug'],
      story: ['Arrive last with the best story and you win.', 'Wer zuletzt ankommt und am besten erzählt, gewinnt.'],
      attributes: { players_min: 2, players_max: 6, minutes: 75, age_from: 8 },
      tags: ['gift'],
    },
    {
      brand: 'Rainy Sunday',
      priceMinor: 5900,
      name: ['Quorum', 'Quorum'],
      story: [
        'Three clocks disagree, five players vote, one replica is lying.',
        'Drei Uhren sind uneins, fünf Spieler stimmen ab, eine Kopie lügt.',
      ],
      attributes: { players_min: 3, players_max: 5, minutes: 90, age_from: 12 },
      tags: ['new'],
    },
    {
      brand: 'Rainy Sunday',
      priceMinor: 2400,
      name: ['Who Ate the Cake', 'Wer war am Kuchen'],
      story: ['A deduction game that ends with cake. Bring cake.', 'Ein Detektivspiel, das mit Kuchen endet. Kuchen mitbringen.'],
      attributes: { players_min: 2, players_max: 8, minutes: 20, age_from: 5 },
    },
  ],
  editions: [
    {
      name: ['Standard Box', 'Standardausgabe'],
      story: ['Board, pieces and rules that fit on two pages.', 'Brett, Figuren und Regeln, die auf zwei Seiten passen.'],
      priceFactor: 1,
      attributes: { edition: 'standard', pieces: 'cardboard' },
    },
    {
      name: ['Wooden Edition', 'Holzausgabe'],
      story: [
        'With turned wooden pieces that get better by being dropped.',
        'Mit gedrechselten Holzfiguren, die mit jedem Sturz schöner werden.',
      ],
      priceFactor: 1.6,
      attributes: { edition: 'deluxe', pieces: 'maple' },
    },
  ],
}

const PUZZLES: Leaf = {
  code: 'PUZZLE',
  path: ['Music & Play', 'Games', 'Puzzles'],
  noun: ['Puzzle', 'Puzzle'],
  options: {},
  attributes: { plastic_free: true, good_for: ['alone', 'family', 'rain'] },
  designs: [
    {
      brand: 'Rainy Sunday',
      priceMinor: 1900,
      name: ['Fog over Water', 'Nebel überm Wasser'],
      story: ['A thousand shades of gray and one small red boat.', 'Tausend Töne Grau und ein kleines rotes Boot.'],
      attributes: { width_cm: 68, difficulty: 5 },
      tags: ['bestseller'],
    },
    {
      brand: 'Rainy Sunday',
      priceMinor: 1700,
      name: ['The Whole Drawer', 'Die ganze Schublade'],
      story: [
        'Keys, corks, string and batteries: you know this drawer.',
        'Schlüssel, Korken, Schnur und Batterien: Sie kennen diese Schublade.',
      ],
      attributes: { width_cm: 50, difficulty: 3 },
    },
    {
      brand: 'Rainy Sunday',
      priceMinor: 2400,
      name: ['Map of an Island', 'Karte einer Insel'],
      story: [
        'The island does not exist, but by evening you will have a favorite bay.',
        'Die Insel gibt es nicht, aber am Abend haben Sie dort eine Lieblingsbucht.',
      ],
      attributes: { width_cm: 84, difficulty: 4 },
      tags: ['gift'],
    },
    {
      brand: 'Rainy Sunday',
      priceMinor: 1500,
      name: ['Nine Cats', 'Neun Katzen'],
      story: ['Count again. There are ten.', 'Zählen Sie noch einmal. Es sind zehn.'],
      attributes: { width_cm: 42, difficulty: 2 },
    },
    {
      brand: 'Rainy Sunday',
      priceMinor: 2900,
      name: ['Leap Day', 'Schalttag'],
      story: ['Has one piece more than it should, every four years.', 'Hat alle vier Jahre ein Teil mehr, als es sollte.'],
      attributes: { width_cm: 60, difficulty: 4 },
      tags: ['new'],
    },
  ],
  editions: [
    {
      name: ['500 Pieces', '500 Teile'],
      story: ['An evening and a half.', 'Anderthalb Abende.'],
      priceFactor: 1,
      attributes: { pieces: 500 },
    },
    {
      name: ['1,000 Pieces', '1000 Teile'],
      story: ['A weekend, and the dining table.', 'Ein Wochenende, und den Esstisch dazu.'],
      priceFactor: 1.3,
      attributes: { pieces: 1000 },
    },
  ],
}

export const STUDY: readonly Leaf[] = [NOTEBOOKS, FOUNTAIN_PENS, CLOCKS, HEADPHONES, BOARD_GAMES, PUZZLES]
