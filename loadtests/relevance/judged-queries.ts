/** Queries of the sort that shoppers type, and what each of them means by fields of the data alone, written down before any engine was asked. */
import type { JudgedProduct } from './judged-product.ts'

export interface JudgedQuery {
  readonly q: string
  readonly kind: 'brand and type' | 'model' | 'code' | 'typo' | 'attributes' | 'units' | 'plural' | 'for' | 'words' | 'german' | 'category'
  /** 3: just what was asked for. 2: a fair answer. 1: related. 0: not. */
  readonly grade: (product: JudgedProduct) => number
}

/** Grades by conditions, best first: the first that holds counts 3, the second 2, the third 1. */
function graded(...conditions: ((product: JudgedProduct) => boolean)[]): JudgedQuery['grade'] {
  return (product) => {
    const at = conditions.findIndex((holds) => holds(product))
    return at === -1 ? 0 : 3 - at
  }
}

const brand = (name: string) => (p: JudgedProduct) => p.brand === name
const category = (pattern: RegExp) => (p: JudgedProduct) => pattern.test(p.category)
const title = (pattern: RegExp) => (p: JudgedProduct) => pattern.test(p.title)
const attribute = (pattern: RegExp) => (p: JudgedProduct) => pattern.test(p.attributes)
const all =
  (...conditions: ((p: JudgedProduct) => boolean)[]) =>
  (p: JudgedProduct) =>
    conditions.every((holds) => holds(p))
const any =
  (...conditions: ((p: JudgedProduct) => boolean)[]) =>
  (p: JudgedProduct) =>
    conditions.some((holds) => holds(p))
const not = (holds: (p: JudgedProduct) => boolean) => (p: JudgedProduct) => !holds(p)
const text = (pattern: RegExp) => (p: JudgedProduct) => pattern.test(`${p.title} ${p.attributes} ${p.description}`)

const CASES = /cell phone cases|iphone cases/
const CPU = (p: JudgedProduct) => p.category === 'components > cpu'
const GPU = (p: JudgedProduct) => p.category === 'components > video-card'
const MEMORY = category(/memory$/)
const DRIVE = any(category(/internal-hard-drive$/), title(/internal hard drive|internal solid state drive/))
const PSU = category(/power-supply$/)
const MONITOR = category(/monitor$|monitors & tvs$/)
const KEYBOARD = all(category(/> keyboard$|keyboards & mice$/), not(title(/mouse pad/)))
const MOUSE = any(category(/> mouse$/), all(category(/keyboards & mice$/), title(/\bmouse\b/)))
const INK = any(category(/ink & toner$/), title(/\b(?:toner|ink|cartridge)\b/))
const NOTEBOOK = all(category(/notebooks$/), title(/notebook/), not(title(/case|bag|battery|cover|lock|stand/)))
const PHONE = category(/cell phones > (?:unlocked|all cell phones with|prepaid phones|refurbished)/)
export const JUDGED_QUERIES: readonly JudgedQuery[] = [
  {
    q: 'hp laserjet toner',
    kind: 'brand and type',
    grade: graded(
      all(brand('hp'), INK, text(/laserjet/), text(/toner/)),
      all(INK, text(/laserjet/), text(/toner/)),
      all(brand('hp'), INK, text(/toner/)),
    ),
  },
  {
    q: 'canon toner cartridge black',
    kind: 'brand and type',
    grade: graded(
      all(brand('canon'), title(/toner/), text(/black/)),
      all(brand('canon'), text(/toner/)),
      all(title(/toner/), text(/black/), text(/canon/)),
    ),
  },
  {
    q: 'lenovo thinkpad notebook',
    kind: 'brand and type',
    grade: graded(
      all(NOTEBOOK, brand('lenovo'), title(/thinkpad/)),
      all(NOTEBOOK, brand('lenovo')),
      all(brand('lenovo'), title(/thinkpad/)),
    ),
  },
  {
    q: 'logitech webcam',
    kind: 'brand and type',
    grade: graded(all(brand('logitech'), any(category(/webcam$/), title(/webcam/))), category(/webcam$/), text(/webcam/)),
  },
  {
    q: 'sony headphones',
    kind: 'brand and type',
    grade: graded(all(brand('sony'), category(/headphones$/)), all(brand('sony'), text(/headphone|headset/)), category(/headphones$/)),
  },
  {
    q: 'corsair power supply',
    kind: 'brand and type',
    grade: graded(all(brand('corsair'), PSU), all(brand('corsair'), text(/power supply/)), PSU),
  },
  {
    q: 'apc ups',
    kind: 'brand and type',
    grade: graded(
      all(brand('apc'), title(/\bups\b/), not(title(/batter|card|cable|rack|management|kit/))),
      all(brand('apc'), text(/\bups\b/)),
      title(/\bups\b/),
    ),
  },
  {
    q: 'startech hdmi cable',
    kind: 'brand and type',
    grade: graded(
      all(brand('startech.com'), title(/hdmi/), title(/\bcable\b/), not(title(/adapter|splitter|extender|converter/))),
      all(brand('startech.com'), title(/hdmi/)),
      all(title(/hdmi/), title(/cable/)),
    ),
  },
  {
    q: 'keychron mechanical keyboard',
    kind: 'brand and type',
    grade: graded(all(brand('keychron'), KEYBOARD), all(KEYBOARD, text(/mechanical/)), KEYBOARD),
  },
  {
    q: 'tp-link router',
    kind: 'brand and type',
    grade: graded(all(brand('tp-link'), title(/router/)), title(/\brouter\b/), all(brand('tp-link'), text(/network|wireless/))),
  },
  {
    q: 'kensington lock',
    kind: 'brand and type',
    grade: graded(all(brand('kensington'), title(/lock/)), title(/cable lock|\block\b/), all(brand('kensington'), text(/lock/))),
  },

  { q: 'galaxy s7', kind: 'model', grade: graded(all(PHONE, title(/galaxy s7/)), title(/galaxy s7/), text(/galaxy s7/)) },
  { q: 'i7-6700k', kind: 'model', grade: graded(all(CPU, title(/i7-6700k/)), text(/i7-6700k/), all(CPU, title(/i7-6700/))) },
  { q: 'i7 6700k', kind: 'model', grade: graded(all(CPU, title(/i7-6700k/)), text(/i7-6700k/), all(CPU, title(/i7-6700/))) },
  { q: 'ryzen 7 5800x', kind: 'model', grade: graded(all(CPU, title(/ryzen 7 5800x/)), text(/ryzen 7 5800x/), all(CPU, title(/ryzen 7/))) },
  { q: 'rtx 3080', kind: 'model', grade: graded(all(GPU, text(/rtx 3080\b(?! ti)/)), text(/rtx 3080\b/), all(GPU, text(/rtx 30[79]0/))) },
  { q: 'rtx3080', kind: 'model', grade: graded(all(GPU, text(/rtx 3080\b(?! ti)/)), text(/rtx 3080\b/), all(GPU, text(/rtx 30[79]0/))) },
  {
    q: 'samsung 970 evo plus',
    kind: 'model',
    grade: graded(all(brand('samsung'), title(/970 evo plus/)), all(brand('samsung'), title(/970 evo/)), all(brand('samsung'), DRIVE)),
  },
  { q: 'mx master', kind: 'model', grade: graded(all(MOUSE, title(/mx master/)), title(/mx master/), all(brand('logitech'), MOUSE)) },
  {
    q: 'iphone 7 plus',
    kind: 'model',
    grade: graded(all(PHONE, title(/iphone 7 plus/)), title(/iphone.{0,3}7 plus/), text(/iphone.{0,3}7/)),
  },

  { q: 'ICECAT 630862', kind: 'code', grade: graded((p) => p.key === 'icecat-630862') },
  { q: 'bb4984900', kind: 'code', grade: graded((p) => p.key === 'bb-4984900') },
  { q: '108R00724', kind: 'code', grade: graded(title(/108r00724/)) },
  { q: '108r-00724', kind: 'code', grade: graded(title(/108r00724/)) },
  { q: '0734646035538', kind: 'code', grade: graded((p) => p.gtin === '0734646035538') },
  { q: 'snk p0036', kind: 'code', grade: graded(title(/snk-p0036/)) },
  { q: 'mdr222kd', kind: 'code', grade: graded(title(/mdr-222kd/), title(/mdr-\d+kd/)) },

  {
    q: 'samsnug galaxy case',
    kind: 'typo',
    grade: graded(
      all((p) => CASES.test(p.category), title(/samsung galaxy/)),
      all(title(/galaxy/), title(/case/)),
      title(/samsung galaxy/),
    ),
  },
  { q: 'logitec mouse', kind: 'typo', grade: graded(all(brand('logitech'), MOUSE), MOUSE, brand('logitech')) },
  {
    q: 'iphnoe case',
    kind: 'typo',
    grade: graded(
      all((p) => CASES.test(p.category), title(/iphone/), title(/case/)),
      all(title(/iphone/), title(/case|shell|cover/)),
      title(/iphone/),
    ),
  },
  {
    q: 'keybord wireless',
    kind: 'typo',
    grade: graded(all(KEYBOARD, text(/wireless/), not(title(/^[^k]*mouse pad/))), KEYBOARD, text(/keyboard/)),
  },
  { q: 'lexmrk toner', kind: 'typo', grade: graded(all(brand('lexmark'), title(/toner/)), all(brand('lexmark'), INK), title(/toner/)) },
  {
    q: 'hedphones',
    kind: 'typo',
    grade: graded(category(/headphones$/), title(/headphone|headset/), text(/headphone|headset/)),
  },
  {
    q: 'geforec rtx 4070',
    kind: 'typo',
    grade: graded(all(GPU, text(/rtx 4070\b(?! ti| super)/)), all(GPU, text(/rtx 4070/)), all(GPU, text(/rtx 40\d0/))),
  },

  {
    q: 'wireless gaming mouse',
    kind: 'attributes',
    grade: graded(all(MOUSE, text(/wireless/), text(/gaming/)), all(MOUSE, text(/wireless/)), MOUSE),
  },
  {
    q: 'black mid tower case tempered glass',
    kind: 'attributes',
    grade: graded(
      all(category(/> case$/), attribute(/black/), attribute(/mid tower/), attribute(/tempered glass/)),
      all(category(/> case$/), attribute(/mid tower/), attribute(/tempered glass/)),
      category(/> case$/),
    ),
  },
  {
    q: 'white wired keyboard',
    kind: 'attributes',
    grade: graded(all(KEYBOARD, text(/white/), text(/\bwired\b/)), all(KEYBOARD, text(/white/)), KEYBOARD),
  },
  {
    q: 'gold modular atx power supply',
    kind: 'attributes',
    grade: graded(all(PSU, attribute(/gold/), attribute(/\bfull\b|\bsemi\b|modular/), attribute(/atx/)), all(PSU, attribute(/gold/)), PSU),
  },
  {
    q: 'red ethernet patch cable',
    kind: 'attributes',
    grade: graded(
      all(category(/cables/), text(/patch/), text(/\bred\b/)),
      all(category(/cables/), text(/\bred\b/)),
      all(category(/cables/), text(/patch/)),
    ),
  },
  {
    q: 'ips monitor 2560x1440',
    kind: 'attributes',
    grade: graded(
      all(MONITOR, text(/\bips\b/), any(text(/2560 ?x ?1440/), attribute(/2560 1440/))),
      all(MONITOR, any(text(/2560 ?x ?1440/), attribute(/2560 1440/))),
      MONITOR,
    ),
  },

  {
    q: '27 inch monitor 144hz',
    kind: 'units',
    grade: graded(
      all(MONITOR, any(text(/27"/), attribute(/\b27\b/)), any(text(/144 ?hz/), attribute(/\b144\b/))),
      all(MONITOR, any(text(/27"/), attribute(/\b27\b/))),
      MONITOR,
    ),
  },
  {
    q: '500gb hard drive',
    kind: 'units',
    grade: graded(
      all(any(DRIVE, text(/hard drive|hdd|hard disk/)), any(text(/500 ?gb/), attribute(/\b500\b/))),
      all((p) => /drives? /.test(`${p.category} `), text(/500 ?gb/)),
      any(DRIVE, title(/hard drive|hdd/)),
    ),
  },
  {
    q: 'ddr4 16 gb',
    kind: 'units',
    grade: graded(
      all(MEMORY, any(text(/ddr4/), attribute(/\b4 \d{4}\b/)), text(/16 ?gb/)),
      all(MEMORY, text(/16 ?gb/)),
      all(text(/ddr4/), text(/16 ?gb/)),
    ),
  },
  {
    q: 'corsair 850w',
    kind: 'units',
    grade: graded(
      all(brand('corsair'), PSU, any(text(/850 ?w/), attribute(/\b850\b/), title(/850/))),
      all(brand('corsair'), PSU),
      all(PSU, any(text(/850 ?w/), attribute(/\b850\b/))),
    ),
  },
  {
    q: 'samsung 2tb ssd',
    kind: 'units',
    grade: graded(
      all(brand('samsung'), DRIVE, attribute(/\b2000\b/)),
      all(brand('samsung'), DRIVE),
      all(DRIVE, attribute(/\b2000\b/), attribute(/ssd/)),
    ),
  },
  {
    q: '3m hdmi cable',
    kind: 'units',
    grade: graded(all(title(/hdmi/), title(/cable/), title(/\b3 ?m\b|3\.0 ?m\b/)), all(title(/hdmi/), title(/cable/)), title(/hdmi/)),
  },
  {
    q: '32gb usb flash drive',
    kind: 'units',
    grade: graded(all(title(/flash drive/), text(/32 ?gb/)), title(/flash drive/), text(/flash drive/)),
  },

  {
    q: 'printers',
    kind: 'plural',
    grade: graded(
      all(category(/printers & scanners$/), title(/printer/), not(title(/kit|spare|case|lamp|cable|part\b/))),
      title(/printer/),
      text(/printer/),
    ),
  },
  { q: 'wireless routers', kind: 'plural', grade: graded(title(/wireless router/), title(/router/), text(/router/)) },
  { q: 'coffee machines', kind: 'plural', grade: graded(title(/coffee (?:pod )?machine|coffee maker/), title(/coffee/), text(/coffee/)) },
  {
    q: 'laptop backpacks',
    kind: 'plural',
    grade: graded(all(title(/backpack/), text(/laptop|notebook/)), title(/backpack/), all(title(/case|bag/), text(/laptop|notebook/))),
  },

  {
    q: 'case for iphone 6s plus',
    kind: 'for',
    grade: graded(
      all((p) => CASES.test(p.category), title(/iphone.{0,3}6s? plus|6s plus/)),
      all((p) => CASES.test(p.category), title(/iphone.{0,3}6/)),
      title(/iphone.{0,3}6/),
    ),
  },
  {
    q: 'galaxy s6 screen protector',
    kind: 'for',
    grade: graded(
      all(title(/screen protector/), title(/galaxy s6(?! edge)/)),
      all(title(/screen protector/), title(/galaxy s6/)),
      title(/screen protector/),
    ),
  },
  {
    q: 'apple watch band 42mm',
    kind: 'for',
    grade: graded(
      all(title(/apple watch/), title(/42 ?mm/), category(/bands/)),
      all(title(/apple watch/), title(/band|strap/)),
      title(/apple watch/),
    ),
  },
  {
    q: 'notebook battery',
    kind: 'for',
    grade: graded(all(title(/batter/), text(/notebook|laptop/)), title(/batter/), text(/notebook.*batter|batter.*notebook/)),
  },

  {
    q: 'waterproof phone case with belt clip',
    kind: 'words',
    grade: graded(
      all((p) => CASES.test(p.category), text(/waterproof|water-?resistant/)),
      all((p) => CASES.test(p.category), text(/belt clip|holster/)),
      (p) => CASES.test(p.category),
    ),
  },
  {
    q: 'cheap prepaid phone verizon',
    kind: 'words',
    grade: graded(all(PHONE, text(/prepaid/), text(/verizon/)), all(PHONE, any(text(/prepaid/), category(/prepaid/))), text(/prepaid/)),
  },
  {
    q: 'portable charger 6700 mah',
    kind: 'words',
    grade: graded(
      all(title(/portable charger/), text(/6700 ?mah/)),
      title(/portable charger|power bank/),
      text(/portable charger|power bank/),
    ),
  },
  {
    q: 'noise cancelling headphones',
    kind: 'words',
    grade: graded(all(category(/headphones$/), text(/noise[- ]cancel/)), text(/noise[- ]cancel/), category(/headphones$/)),
  },

  {
    q: 'drucker hp laserjet',
    kind: 'german',
    grade: graded(all(category(/printers/), brand('hp'), title(/laserjet/)), all(brand('hp'), title(/laserjet/)), text(/laserjet/)),
  },
  { q: '27 zoll monitor', kind: 'german', grade: graded(all(MONITOR, any(text(/27"/), attribute(/\b27\b/))), MONITOR, text(/27"/)) },
  {
    q: 'kabel cat6',
    kind: 'german',
    grade: graded(all(title(/cat\.? ?6\b/), text(/kabel|cable/)), text(/cat(?:egory|\.)? ?6\b/), title(/kabel/)),
  },

  {
    q: 'cpu cooler',
    kind: 'category',
    grade: graded(
      any(category(/cpu-cooler$/), title(/cpu cooler/)),
      text(/cpu cooler|processor (?:cooler|radiator)/),
      title(/cooler|cooling/),
    ),
  },
  {
    q: 'video card',
    kind: 'category',
    grade: graded(
      any(GPU, all(title(/(?:video|graphics) card\b/), not(title(/cable|adapter|extender/)))),
      text(/video card|graphics card/),
    ),
  },
  { q: 'internal hard drive', kind: 'category', grade: graded(DRIVE, text(/internal hard drive/), text(/hard drive/)) },
  {
    q: 'motherboard am4',
    kind: 'category',
    grade: graded(all(category(/motherboard$/), attribute(/am4/)), category(/motherboard$/), text(/am4/)),
  },
]
