import { synonymGroups } from './synonym-groups.ts';

/** Words of captions that can stand for each other, a group a line. */
const GROUPS = `
automobile, car
bike, bicycle, cycle
motorbike, motorcycle
truck, lorry
airplane, plane, aircraft
boat, vessel
ship, ocean liner
bus, coach
road, street, roadway
path, trail, track
house, home, dwelling
building, edifice, structure
shop, store
picture, photo, photograph, image
painting, canvas
drawing, sketch
poster, placard
person, human, individual
people, folks
man, gentleman, guy
woman, lady
boy, lad
girl, lass
child, kid, youngster
children, kids, youngsters
baby, infant
friend, companion
player, athlete
soldier, trooper
dog, hound, pooch
dogs, hounds
puppy, pup
cat, feline
cats, felines
kitten, kitty
horse, steed
cow, cattle
pig, hog, swine
rabbit, bunny
bird, fowl
chicken, hen
snake, serpent
insect, bug
flower, blossom, bloom
flowers, blossoms, blooms
plant, flora
forest, woods, woodland
tree, sapling
grass, lawn
hill, mound
mountain, mount, peak
mountains, peaks
river, stream
sea, ocean
lake, pond
beach, shore, seaside
rock, stone
rocks, stones
sky, heavens
dawn, sunrise, daybreak
dusk, sunset, nightfall
field, meadow
garden, yard
country, nation
city, metropolis
town, municipality
food, meal, dish
bread, loaf
sweets, candy
soda, pop
cup, mug
plate, platter
couch, sofa, settee
chair, seat
carpet, rug
cupboard, cabinet
lamp, light
television, tv, telly
phone, telephone
computer, pc
bag, sack
box, carton
bottle, flask
gift, present
toy, plaything
hat, cap
coat, jacket
trousers, pants
shirt, blouse
shoe, footwear
glasses, spectacles
necklace, pendant
watch, timepiece
circle, disc
sphere, ball, globe
square, quadrangle
border, edge
group, bunch
crowd, throng
pair, couple
piece, part
top, upper side
middle, center, centre
background, backdrop
design, pattern
logo, emblem
sign, notice
wedding, marriage
party, celebration
game, match
race, contest
work, labor, labour
big, large
huge, giant, enormous
small, little
tiny, minuscule
tall, lofty
long, lengthy
wide, broad
old, aged
ancient, antique
new, fresh
modern, contemporary
beautiful, lovely, gorgeous
pretty, attractive
cute, adorable
ugly, unsightly
happy, glad, joyful
sad, unhappy
angry, mad
funny, amusing, comical
fast, quick, rapid
slow, unhurried
bright, brilliant
dark, dim
shiny, glossy
colorful, colourful, vivid
gray, grey
red, crimson, scarlet
blue, azure
green, emerald
yellow, golden
purple, violet
pink, rose
brown, chestnut
black, ebony
white, ivory
round, circular
wet, soaked
dry, arid
hot, scorching
cold, chilly
clean, spotless
dirty, filthy
empty, vacant
quiet, silent, still
famous, renowned, celebrated
delicious, tasty
cheap, inexpensive
expensive, costly
whole, entire
near, close to
beside, next to
holding, gripping
carrying, bearing
walking, strolling
running, sprinting
jumping, leaping
standing, upright
sitting, seated
sleeping, asleep
eating, consuming
drinking, sipping
looking, gazing
watching, observing
smiling, grinning
laughing, chuckling
talking, speaking, chatting
shouting, yelling
throwing, tossing
catching, grabbing
playing, performing
making, creating
showing, displaying
buy, purchase
sell, vend
`;

const table = synonymGroups(
  GROUPS.trim()
    .split('\n')
    .map((group) => group.split(', ')),
);

/**
 * Other words for about 400 English words that captions use, from a table of our own; none for others.
 *
 * The table is small: for a real run pass `synonymReplacement` a function that asks a thesaurus, or {@link synonymGroups} of a larger one. Words have one sense each, and inflected forms are
 * other words.
 *
 * @param word lower-case
 * @example englishSynonyms('couch') // ['sofa', 'settee']
 */
export function englishSynonyms(word: string): readonly string[] {
  return table(word);
}
