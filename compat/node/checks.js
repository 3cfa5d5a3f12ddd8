// Checks by name, run in order; what a check prints is its result, an exception its failure.

const fs = require('fs')
const path = require('path')
const util = require('util')

const TIMEOUT_MS = 15000
const OVERDUE_MAX = 5
const checks = []

function check(name, body) {
  checks.push([name, body])
}

function types() {
  const rows = fs
    .readFileSync(path.join(__dirname, '..', 'types.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
  return rows.map((row) => row.split('\t')).map(([type, literal]) => ({ name: `${type} ${literal}`, type, literal }))
}

function show(...values) {
  console.log(...values.map((v) => util.inspect(v, { depth: 8, breakLength: 200, sorted: false, maxArrayLength: 200 })))
}

function describe(error) {
  const cause = error.code || !error.cause ? error : error.cause
  const fields = ['code', 'severity', 'detail', 'hint', 'position', 'schema', 'table', 'column', 'constraint']
  const said = Object.fromEntries(
    fields.filter((f) => cause[f] !== undefined && cause[f] !== '').map((f) => [f, String(cause[f])]),
  )
  return `${cause.constructor.name} ${String(cause.message).split('\n')[0]} ${util.inspect(said, { breakLength: Infinity })}`
}

/** Runs what must fail; prints how. */
async function fails(body) {
  try {
    await body()
  } catch (error) {
    console.log(describe(error))
    return
  }
  throw new Error('nothing failed')
}

function overdue() {
  return new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`not done after ${TIMEOUT_MS} ms`)), TIMEOUT_MS).unref(),
  )
}

async function run() {
  let overdueCount = 0
  for (const [name, body] of checks) {
    console.log('==', name)
    try {
      await Promise.race([body(), overdue()])
    } catch (error) {
      console.log('!!', describe(error))
      overdueCount += /^not done/.test(error.message)
    }
    if (overdueCount === OVERDUE_MAX) {
      console.log(`!! gave up after ${OVERDUE_MAX} checks that did not end`)
      break
    }
  }
  process.exit(0)
}

process.on('unhandledRejection', (error) => console.error(error))
process.on('uncaughtException', (error) => console.error(error))

module.exports = { check, describe, fails, run, show, types }
