// npm remove.bg: `node npm_calls.js KEY FILE URL` tells how each way of sending a picture ended, in JSON.
const fs = require('fs')
const client = require('remove.bg')

const [key, file, url] = process.argv.slice(2)
const options = name => ({ apiKey: key, outputFile: `${name}.png` })
const calls = {
    file: () => client.removeBackgroundFromImageFile({ ...options('file'), path: file }),
    base64: () => client.removeBackgroundFromImageBase64({ ...options('base64'), base64img: fs.readFileSync(file, 'base64') }),
    url: () => client.removeBackgroundFromImageUrl({ ...options('url'), url }),
}

async function main() {
    const ends = {}
    for (const [name, call] of Object.entries(calls)) {
        ends[name] = await call().then(({ base64img, ...facts }) => facts, errors => errors)
    }
    console.log(JSON.stringify(ends))
}

main()
