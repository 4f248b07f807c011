/** The emoji that support people use, with the words they look for. */

type Group = { label: string; emoji: [emoji: string, words: string][] }

function group(label: string, list: string): Group {
  const emoji = list
    .trim()
    .split('\n')
    .map((line): [string, string] => {
      const space = line.indexOf(' ')
      return [line.slice(0, space), line.slice(space + 1)]
    })
  return { label, emoji }
}

export const EMOJI: Group[] = [
  group(
    'Faces',
    `
😀 grinning happy
😃 smiling happy
😄 laughing eyes happy
😁 beaming grin
😅 sweat smile relief
😂 tears of joy laugh
🤣 rolling laugh
🙂 slight smile
🙃 upside down
😉 wink
😊 blush smile
😇 angel innocent
🥰 in love hearts
😍 heart eyes love
🤩 star struck wow
😘 kiss
😋 yummy delicious
😜 wink tongue joke
🤗 hug
🤔 thinking hmm
🤨 raised eyebrow doubt
😐 neutral
😶 no mouth silent
🙄 rolling eyes
😏 smirk
😬 grimace awkward
😌 relieved
😔 pensive sad
😴 sleeping tired
😷 mask sick
🤒 fever ill
🥳 party celebrate
😎 cool sunglasses
🤓 nerd
😕 confused
😟 worried
🙁 frown sad
😮 surprised oh
😯 hushed
😳 flushed embarrassed
🥺 pleading please
😢 crying sad
😭 sobbing cry
😱 scream shock
😖 confounded
😞 disappointed
😤 frustrated
😡 angry red
😠 angry
🤯 mind blown
`,
  ),
  group(
    'Hands and people',
    `
👍 thumbs up yes ok
👎 thumbs down no
👌 ok perfect
✌️ victory peace
🤞 fingers crossed luck
🤝 handshake deal
👏 clap applause
🙌 raised hands hooray
🙏 thank you please pray
👋 wave hello bye
🤚 raised hand stop
✋ hand stop
👉 point right
👈 point left
👆 point up
👇 point down
☝️ one finger up
💪 strong muscle
✍️ writing
🤷 shrug do not know
🤦 facepalm
🙋 raising hand question
💁 information
👀 eyes look
👤 person
👥 people
👨‍💻 developer computer
👩‍🔧 mechanic repair
🧑‍🍳 cook
👶 baby
`,
  ),
  group(
    'Hearts and signs',
    `
❤️ red heart love
🧡 orange heart
💛 yellow heart
💚 green heart
💙 blue heart
💜 purple heart
🖤 black heart
🤍 white heart
💔 broken heart
💕 two hearts
💯 hundred perfect
✅ check done yes
☑️ checked box
✔️ check mark
❌ cross no wrong
❗ exclamation important
❓ question
⚠️ warning
🚫 forbidden no
⛔ no entry
🔴 red circle
🟠 orange circle
🟡 yellow circle
🟢 green circle
🔵 blue circle
⭐ star
🌟 glowing star
✨ sparkles
🔥 fire hot
⚡ lightning fast
💡 idea bulb
🔔 bell
🎉 party tada congratulations
🎊 confetti
🎁 gift present
🏆 trophy winner
🥇 gold medal first
➡️ right arrow
⬅️ left arrow
⬆️ up arrow
⬇️ down arrow
🔄 refresh again
`,
  ),
  group(
    'Work and shop',
    `
📦 package parcel order
🚚 truck delivery
🛵 scooter courier
✈️ plane flight
🚢 ship
🛒 cart shopping
🛍️ shopping bags
💳 credit card payment
💰 money bag
💵 dollar cash
💶 euro cash
🧾 receipt invoice
🏷️ label price tag
📅 calendar date
🗓️ calendar
⏰ alarm clock
⏳ hourglass wait
🕒 clock time
📞 phone call
📱 mobile phone
💻 laptop computer
🖨️ printer
📷 camera photo
📸 camera flash
🎥 video camera
📧 email
✉️ letter mail
📩 message received
📝 note memo
📄 document page
📎 paperclip attachment
📌 pin
📍 location place
🗺️ map
🔗 link
🔒 locked secure
🔓 unlocked
🔑 key
🔍 search
🔧 wrench repair
🛠️ tools
⚙️ settings gear
📈 chart up
📉 chart down
📊 bar chart
🏠 house home
🏢 office
🏪 shop store
🏥 hospital
🏦 bank
🏨 hotel
`,
  ),
  group(
    'Food and nature',
    `
☕ coffee
🍵 tea
🍺 beer
🍷 wine
🥂 cheers
🍕 pizza
🍔 burger
🍟 fries
🌮 taco
🍣 sushi
🍜 noodles
🍚 rice
🥗 salad
🍞 bread
🍰 cake
🎂 birthday cake
🍪 cookie
🍎 apple
🍌 banana
🍓 strawberry
🌸 flower blossom
🌹 rose
🌻 sunflower
🌿 herb green
🌳 tree
🌞 sun
🌙 moon
☁️ cloud
🌧️ rain
❄️ snow
🌈 rainbow
🌍 world earth
🐶 dog
🐱 cat
🐟 fish
🐝 bee
👕 shirt
👖 jeans
👗 dress
👟 shoe sneaker
👜 bag
👓 glasses
💍 ring
⌚ watch
💄 lipstick
💊 pill medicine
⚽ football soccer
🎵 music
🎮 game
📚 books
`,
  ),
]
