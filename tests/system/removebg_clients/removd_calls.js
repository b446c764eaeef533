// npm removd: `node removd_calls.js KEY FILE URL` tells how each way of sending a picture ended, and the account, in JSON.
const fs = require('fs')
const client = require('removd')

const [apikey, file, url] = process.argv.slice(2)
fs.writeFileSync('photo.txt', fs.readFileSync(file, 'base64'))
const given = source => ({ apikey, source, destination: `${process.cwd()}/removd` })

async function main() {
    fs.mkdirSync('removd', { recursive: true })
    const ends = {
        file: await client.file(given(file)),
        base64: await client.base64({ ...given('photo.txt'), toImage: true }),
        url: await client.url(given(url)),
        account: await client.account({ apikey }),
    }
    console.log(JSON.stringify(ends))
}

main()
