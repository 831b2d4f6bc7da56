/** The sample shop's department "Kitchen & Table": coffee, tea, pans, knives and mugs. */
import type { Leaf } from './leaf.ts'

const COFFEE_MAKERS: Leaf = {
  code: 'COFFEE',
  path: ['Kitchen & Table', 'Coffee', 'Coffee Makers'],
  noun: ['Coffee Maker', 'Kaffeebereiter'],
  options: { capacity: ['2 cups', '6 cups'] },
  attributes: { hot_drinks: ['coffee'], dishwasher_safe: true },
  designs: [
    {
      brand: 'Third Kettle',
      priceMinor: 4900,
      name: ['Before Speech', 'Vor dem ersten Wort'],
      story: ['One lever, no menu, no questions until the cup is empty.', 'Ein Hebel, kein Menü und keine Fragen, bis die Tasse leer ist.'],
      attributes: { method: 'press', brew_min: 4 },
      tags: ['bestseller'],
    },
    {
      brand: 'Third Kettle',
      priceMinor: 5900,
      name: ['Slow Drip', 'Tropfen für Tropfen'],
      story: [
        'A pour-over stand that makes three minutes of waiting look like a hobby.',
        'Ein Filterständer, der drei Minuten Warten wie ein Hobby aussehen lässt.',
      ],
      attributes: { method: 'pour-over', brew_min: 3 },
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 3900,
      name: ['Little Volcano', 'Kleiner Vulkan'],
      story: [
        'Stovetop coffee with a rumble that tells the whole flat it is morning.',
        'Kaffee vom Herd, mit einem Grollen, das der ganzen Wohnung sagt, dass Morgen ist.',
      ],
      attributes: { method: 'moka', brew_min: 5 },
    },
    {
      brand: 'Third Kettle',
      priceMinor: 8900,
      name: ['Chemistry Teacher', 'Chemielehrer'],
      story: [
        'A siphon with a flame below and applause above. Goggles optional.',
        'Ein Syphon, unten Flamme, oben Applaus. Schutzbrille freiwillig.',
      ],
      attributes: { method: 'siphon', brew_min: 7 },
      tags: ['gift'],
    },
    {
      brand: 'Third Kettle',
      priceMinor: 4400,
      name: ['Overnight Train', 'Nachtzug'],
      story: ['Leaves in the evening, arrives cold and clear at breakfast.', 'Fährt am Abend ab und kommt kalt und klar zum Frühstück an.'],
      attributes: { method: 'cold brew', brew_min: 720 },
      tags: ['new'],
    },
  ],
  editions: [
    {
      name: ['Steel', 'Edelstahl'],
      story: ['Double-walled steel keeps its temper and its temperature.', 'Doppelwandiger Stahl behält die Fassung und die Temperatur.'],
      priceFactor: 1.3,
      attributes: { material: 'steel' },
    },
    {
      name: ['Glass', 'Glas'],
      story: ['Laboratory glass, so you can watch.', 'Laborglas, damit man zusehen kann.'],
      priceFactor: 1,
      attributes: { material: 'glass' },
    },
  ],
}

const GRINDERS: Leaf = {
  code: 'GRINDER',
  path: ['Kitchen & Table', 'Coffee', 'Grinders'],
  noun: ['Grinder', 'Kaffeemühle'],
  options: {},
  attributes: { hot_drinks: ['coffee'], adjustable: true },
  designs: [
    {
      brand: 'Third Kettle',
      priceMinor: 7900,
      name: ['Gravel Road', 'Schotterweg'],
      story: ['Thirty-two settings, from paving to dust.', 'Zweiunddreißig Stufen, von Pflasterstein bis Staub.'],
      attributes: { settings: 32, capacity_g: 40 },
      tags: ['bestseller'],
    },
    {
      brand: 'Third Kettle',
      priceMinor: 12900,
      name: ['Whisper', 'Flüsterton'],
      story: [
        'Grinds at the volume of a library, for those who rise before the others.',
        'Mahlt in Bibliothekslautstärke, für alle, die vor den anderen aufstehen.',
      ],
      attributes: { settings: 40, capacity_g: 60 },
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 6400,
      name: ['Knee-High', 'Zwischen den Knien'],
      story: [
        'The kind you hold between your knees, like the person who taught you to.',
        'Man hält sie zwischen den Knien, so wie der Mensch, der es einem beigebracht hat.',
      ],
      attributes: { settings: 12, capacity_g: 55 },
      tags: ['gift'],
    },
    {
      brand: 'Halfway Hut',
      priceMinor: 5400,
      name: ['Base Camp', 'Basislager'],
      story: [
        'Fits inside its own cup and comes along to where the coffee tastes best.',
        'Passt in ihren eigenen Becher und kommt dorthin mit, wo der Kaffee am besten schmeckt.',
      ],
      attributes: { settings: 18, capacity_g: 20 },
    },
    {
      brand: 'Third Kettle',
      priceMinor: 18900,
      name: ['Town Clock', 'Rathausuhr'],
      story: ['Doses by the second and is never early.', 'Dosiert auf die Sekunde und geht nie vor.'],
      attributes: { settings: 60, capacity_g: 250 },
    },
  ],
  editions: [
    {
      name: ['Steel Burrs', 'Stahlmahlwerk'],
      story: ['Hardened steel burrs for bright, even grounds.', 'Ein Mahlwerk aus gehärtetem Stahl für klares, gleichmäßiges Mahlgut.'],
      priceFactor: 1.2,
      attributes: { burrs: 'steel' },
    },
    {
      name: ['Ceramic Burrs', 'Keramikmahlwerk'],
      story: ['Ceramic burrs that stay cool and stay sharp.', 'Ein Mahlwerk aus Keramik, das kühl und scharf bleibt.'],
      priceFactor: 1,
      attributes: { burrs: 'ceramic' },
    },
  ],
}

const TEAPOTS: Leaf = {
  code: 'TEAPOT',
  path: ['Kitchen & Table', 'Tea', 'Teapots'],
  noun: ['Teapot', 'Teekanne'],
  options: { capacity: ['0.6 l', '1.2 l'] },
  attributes: { hot_drinks: ['black tea', 'green tea', 'herbal tea'], strainer: true },
  designs: [
    {
      brand: 'Clay Street',
      priceMinor: 5900,
      name: ['Good Listener', 'Gute Zuhörerin'],
      story: ['Round, patient and warm for exactly one long conversation.', 'Rund, geduldig und warm, genau ein langes Gespräch lang.'],
      attributes: { weight_g: 780, dishwasher_safe: true },
      tags: ['bestseller', 'gift'],
    },
    {
      brand: 'Clay Street',
      priceMinor: 6400,
      name: ['No Drip', 'Kein Tropfen'],
      story: [
        'Forty spouts were thrown away before this one stopped politely.',
        'Vierzig Tüllen kamen in die Tonne, bevor diese eine höflich aufhörte.',
      ],
      attributes: { weight_g: 720, dishwasher_safe: true },
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 7900,
      name: ['Black Swan', 'Schwarzer Schwan'],
      story: ['Rare, heavy and perfectly predictable.', 'Selten, schwer und vollkommen berechenbar.'],
      attributes: { weight_g: 1650, dishwasher_safe: false },
    },
    {
      brand: 'Third Kettle',
      priceMinor: 4900,
      name: ['Four O’Clock', 'Vier Uhr'],
      story: [
        'Holds two cups for two, or four for one on a bad day.',
        'Zwei Tassen für zwei, oder vier für einen, wenn der Tag danach war.',
      ],
      attributes: { weight_g: 560, dishwasher_safe: true },
    },
    {
      brand: 'Clay Street',
      priceMinor: 5400,
      name: ['Snail', 'Schnecke'],
      story: [
        'A handle that curls once around and a pot in no hurry at all.',
        'Ein Henkel, der sich einmal einrollt, und eine Kanne, die gar keine Eile hat.',
      ],
      attributes: { weight_g: 690, dishwasher_safe: true },
    },
  ],
  editions: [
    {
      name: ['Stoneware', 'Steinzeug'],
      story: ['Fired at 1,260 °C, glazed inside, bare where you hold it.', 'Bei 1.260 °C gebrannt, innen glasiert, außen griffig roh.'],
      priceFactor: 1,
      attributes: { material: 'stoneware' },
    },
    {
      name: ['Porcelain', 'Porzellan'],
      story: ['Thin enough that you can see the tide of the tea.', 'So dünn, dass man den Pegel des Tees durchscheinen sieht.'],
      priceFactor: 1.4,
      attributes: { material: 'porcelain' },
    },
  ],
}

const PANS: Leaf = {
  code: 'PAN',
  path: ['Kitchen & Table', 'Cooking', 'Pans'],
  noun: ['Pan', 'Pfanne'],
  options: { diameter: ['20 cm', '24 cm', '28 cm'] },
  attributes: { stoves: ['gas', 'electric', 'induction'], oven_safe: true },
  designs: [
    {
      brand: 'Ember & Iron',
      priceMinor: 5900,
      name: ['Sunny Side', 'Spiegelei'],
      story: ['For eggs that slide and mornings that follow.', 'Für Eier, die gleiten, und Vormittage, die es ihnen nachmachen.'],
      attributes: { weight_g: 1400, lid_included: false },
      tags: ['bestseller'],
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 8900,
      name: ['Heirloom', 'Erbstück'],
      story: [
        'Season it well and somebody who is not born yet will argue over it.',
        'Gut eingebrannt, streiten sich einmal Leute darum, die noch gar nicht geboren sind.',
      ],
      attributes: { weight_g: 2600, lid_included: false },
      tags: ['made-to-last'],
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 9900,
      name: ['Low Tide', 'Ebbe'],
      story: [
        'A sauté pan with straight walls: what simmers in it goes down slowly and comes out rich.',
        'Eine Schmorpfanne mit geraden Wänden: Was darin köchelt, sinkt langsam und wird gut.',
      ],
      attributes: { weight_g: 2100, lid_included: true },
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 6900,
      name: ['Pancake Diplomacy', 'Pfannkuchendiplomatie'],
      story: [
        'Flat, wide and proven to end family disputes by the second stack.',
        'Flach, breit und nachweislich in der Lage, Familienstreit bis zum zweiten Stapel zu schlichten.',
      ],
      attributes: { weight_g: 1250, lid_included: false },
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 7400,
      name: ['Smoke Signal', 'Rauchzeichen'],
      story: ['Takes the heat of a steak night. Please open a window.', 'Hält die Hitze eines Steakabends aus. Bitte ein Fenster öffnen.'],
      attributes: { weight_g: 1900, lid_included: false },
    },
  ],
  editions: [
    {
      name: ['Cast Iron', 'Gusseisen'],
      story: ['Poured in sand, ground by hand, heavy on purpose.', 'In Sand gegossen, von Hand geschliffen, mit Absicht schwer.'],
      priceFactor: 1,
      attributes: { material: 'cast iron', dishwasher_safe: false },
    },
    {
      name: ['Carbon Steel', 'Eisen, geschmiedet'],
      story: ['Half the weight and all of the crust.', 'Die Hälfte des Gewichts und die ganze Kruste.'],
      priceFactor: 1.15,
      attributes: { material: 'carbon steel', dishwasher_safe: false },
    },
  ],
}

const KNIVES: Leaf = {
  code: 'KNIFE',
  path: ['Kitchen & Table', 'Cooking', 'Knives'],
  noun: ['Knife', 'Messer'],
  options: {},
  attributes: { dishwasher_safe: false, cuts: ['vegetables', 'herbs'] },
  designs: [
    {
      brand: 'Ember & Iron',
      priceMinor: 11900,
      name: ['Onion Stays Calm', 'Zwiebel bleibt ruhig'],
      story: [
        'So sharp that only the cook is moved to tears, by beauty.',
        'So scharf, dass höchstens der Koch weint, und zwar vor Rührung.',
      ],
      attributes: { blade_cm: 20, weight_g: 185 },
      tags: ['bestseller'],
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 5400,
      name: ['Small Talk', 'Kleine Runde'],
      story: [
        'A paring knife for apples on the balcony and mushrooms in the wood.',
        'Ein Schälmesser für Äpfel auf dem Balkon und Pilze im Wald.',
      ],
      attributes: { blade_cm: 9, weight_g: 62 },
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 8900,
      name: ['Crumb Trail', 'Brösel'],
      story: ['Long waves for crusts. The birds get what falls.', 'Lange Wellen für harte Krusten. Was fällt, bekommen die Vögel.'],
      attributes: { blade_cm: 24, weight_g: 210, cuts: ['bread'] },
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 13900,
      name: ['Quiet Fish', 'Stiller Fisch'],
      story: [
        'A thin, flexible blade that follows the bone like a good question.',
        'Eine dünne, biegsame Klinge, die der Gräte folgt wie eine gute Frage.',
      ],
      attributes: { blade_cm: 18, weight_g: 150, cuts: ['fish'] },
    },
    {
      brand: 'Ember & Iron',
      priceMinor: 9900,
      name: ['Herb Garden', 'Kräuterbeet'],
      story: ['Rocks through parsley as a boat does through a harbor.', 'Wiegt sich durch Petersilie wie ein Boot durch den Hafen.'],
      attributes: { blade_cm: 16, weight_g: 170 },
      tags: ['gift'],
    },
  ],
  editions: [
    {
      name: ['Walnut Handle', 'Nussbaumgriff'],
      story: [
        'The handle is walnut, oiled, and happiest when used daily.',
        'Der Griff ist aus geöltem Nussbaum und am liebsten täglich in Gebrauch.',
      ],
      priceFactor: 1.2,
      attributes: { handle: 'walnut', blade: 'carbon steel' },
    },
    {
      name: ['Black Handle', 'schwarzer Griff'],
      story: [
        'The handle is resin: it has seen worse than your sink.',
        'Der Griff ist aus Harz und hat schon Schlimmeres gesehen als Ihr Spülbecken.',
      ],
      priceFactor: 0.9,
      attributes: { handle: 'resin', blade: 'stainless steel' },
    },
  ],
}

const MUGS: Leaf = {
  code: 'MUG',
  path: ['Kitchen & Table', 'Tableware', 'Mugs'],
  noun: ['Mug', 'Becher'],
  options: { color: ['chalk', 'cobalt', 'sage', 'terracotta', 'soot'] },
  attributes: { hot_drinks: ['coffee', 'tea', 'cocoa'], microwave_safe: true },
  designs: [
    {
      brand: 'Clay Street',
      priceMinor: 2200,
      name: ['Monday', 'Montag'],
      story: ['Holds a third more than Tuesday. You will see why.', 'Fasst ein Drittel mehr als Dienstag. Sie werden sehen, warum.'],
      attributes: { capacity_ml: 480, weight_g: 410 },
      tags: ['bestseller', 'gift'],
    },
    {
      brand: 'Clay Street',
      priceMinor: 1800,
      name: ['Tuesday', 'Dienstag'],
      story: ['A perfectly reasonable mug.', 'Ein ganz und gar vernünftiger Becher.'],
      attributes: { capacity_ml: 360, weight_g: 340 },
    },
    {
      brand: 'Clay Street',
      priceMinor: 2400,
      name: ['Thumb Rest', 'Daumenruhe'],
      story: [
        'A hollow for the thumb, found by asking two hundred thumbs.',
        'Eine Mulde für den Daumen, ermittelt durch Befragung von zweihundert Daumen.',
      ],
      attributes: { capacity_ml: 330, weight_g: 330 },
    },
    {
      brand: 'Clay Street',
      priceMinor: 2000,
      name: ['Campfire Cocoa', 'Lagerfeuerkakao'],
      story: ['Broad, low and hard to knock over with a mitten.', 'Breit, niedrig und selbst mit Fäustling kaum umzuwerfen.'],
      attributes: { capacity_ml: 400, weight_g: 390 },
    },
    {
      brand: 'Clay Street',
      priceMinor: 2600,
      name: ['Do Not Forget Me', 'Vergiss mein nicht'],
      story: [
        'Made for desks: the thick wall keeps your tea warm while you forget it.',
        'Für den Schreibtisch: Die dicke Wand hält den Tee warm, während Sie ihn vergessen.',
      ],
      attributes: { capacity_ml: 350, weight_g: 460 },
      tags: ['new'],
    },
  ],
  editions: [
    {
      name: ['Glossy Glaze', 'Glanzglasur'],
      story: ['A shiny glaze that shrugs off the dishwasher.', 'Eine glänzende Glasur, der die Spülmaschine egal ist.'],
      priceFactor: 1,
      attributes: { glaze: 'glossy', dishwasher_safe: true },
    },
    {
      name: ['Raw Clay', 'Rohton'],
      story: ['Bare outside, so the hand meets the clay.', 'Außen roh, damit die Hand den Ton spürt.'],
      priceFactor: 1.2,
      attributes: { glaze: 'none outside', dishwasher_safe: false },
    },
  ],
}

export const KITCHEN: readonly Leaf[] = [COFFEE_MAKERS, GRINDERS, TEAPOTS, PANS, KNIVES, MUGS]
