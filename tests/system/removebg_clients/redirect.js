// Loaded by NODE_OPTIONS: connections to api.remove.bg go to RELAY_PORT of this machine, as a hosts entry would lead them.
const tls = require('tls')

const connect = tls.connect
tls.connect = (...given) => {
    const options = given.find(part => part && typeof part === 'object' && !Array.isArray(part))
    if (options && options.host === 'api.remove.bg') {
        options.servername = options.host
        options.host = '127.0.0.1'
        options.port = Number(process.env.RELAY_PORT)
    }
    return connect(...given)
}
