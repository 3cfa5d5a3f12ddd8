// node-postgres: simple and prepared queries, both formats, cursors, streams of COPY, pools.

const fs = require('fs')
const { pipeline } = require('stream/promises')
const { Readable, Writable } = require('stream')
const { Client, Pool, types: parsers } = require('pg')
const Cursor = require('pg-cursor')
const QueryStream = require('pg-query-stream')
const copy = require('pg-copy-streams')
const { check, fails, run, show, types } = require('./checks')

async function connected(body, options = {}) {
  const client = new Client(options)
  client.on('error', () => {})
  await client.connect()
  try {
    return await body(client)
  } finally {
    await client.end()
  }
}

check('connect plain', () =>
  connected(async (c) => show((await c.query('SELECT current_user, current_database()')).rows)),
)

check('connect TLS, verified', () =>
  connected(async (c) => show((await c.query('SELECT 1 AS one')).rows), {
    ssl: { ca: fs.readFileSync(process.env.PGSSLROOTCERT) },
  }),
)

check('connect with channel binding', () =>
  connected(async (c) => show((await c.query('SELECT 1 AS one')).rows), {
    enableChannelBinding: true,
    ssl: { ca: fs.readFileSync(process.env.PGSSLROOTCERT) },
  }),
)

check('connect with wrong password', () => fails(() => connected(() => {}, { password: 'wrong' })))
check('connect to no database', () => fails(() => connected(() => {}, { database: 'nowhere' })))
check('connect with options', () =>
  connected(
    async (c) =>
      show((await c.query("SELECT current_setting('work_mem') m, current_setting('statement_timeout') t")).rows),
    { options: '-c work_mem=8MB', statement_timeout: 4321 },
  ),
)

for (const { name, type, literal } of types()) {
  for (const binary of [false, true]) {
    check(`${binary ? 'binary' : 'text'} ${name}`, () =>
      connected(async (c) => {
        const quoted = c.escapeLiteral(literal)
        const result = await c.query({ text: `SELECT ${quoted}::${type} AS v`, values: [], binary })
        show(
          result.rows[0].v,
          result.fields[0].dataTypeID,
          result.fields[0].dataTypeSize,
          result.fields[0].dataTypeModifier,
        )
        if (!binary) show((await c.query(`SELECT $1::${type}::text AS v`, [literal])).rows)
      }),
    )
  }
}

check('parameters of JavaScript', () =>
  connected(async (c) => {
    const values = [
      1,
      1.5,
      'text',
      true,
      null,
      new Date('2024-02-29T12:00:00Z'),
      Buffer.from('bytes'),
      [1, 2],
      ['a,b', null],
      { a: [1] },
      12345678901234567890n,
    ]
    for (const value of values) show((await c.query('SELECT $1 AS v', [value])).rows)
    show(
      (await c.query('SELECT $1::jsonb AS j, $2::int[] AS a, $3::timestamptz AS t', [{ a: 1 }, [1, null], new Date(0)]))
        .rows,
    )
  }),
)

check('fields of a result', () =>
  connected(async (c) => {
    await c.query('CREATE TABLE described (a int, b varchar(7), c numeric(5,2))')
    const result = await c.query('SELECT a, b, c, a + 1 AS d FROM described')
    show(
      result.command,
      result.rowCount,
      result.fields.map((f) => [f.name, f.columnID, f.dataTypeID, f.dataTypeModifier, f.format, f.tableID > 0]),
    )
    show((await c.query({ text: 'SELECT 1, 2', rowMode: 'array' })).rows)
  }),
)

check('named statements', () =>
  connected(async (c) => {
    for (const n of [1, 2, 3])
      show((await c.query({ name: 'twice', text: 'SELECT $1::int * 2 AS v', values: [n] })).rows)
    show((await c.query('SELECT name, statement FROM pg_prepared_statements')).rows)
    await fails(() => c.query({ name: 'bad', text: 'SELECT nothing' }))
    show((await c.query({ name: 'bad', text: 'SELECT 1 AS v' })).rows)
  }),
)

check('several statements in one', () =>
  connected(async (c) =>
    show(
      (
        await c.query(
          'SELECT 1 AS a; CREATE TABLE several (a int); INSERT INTO several VALUES (1), (2); SELECT count(*) FROM several',
        )
      ).map((r) => [r.command, r.rowCount, r.rows]),
    ),
  ),
)

check('queued queries', () =>
  connected(async (c) => {
    const results = await Promise.all([1, 2, 3, 4].map((n) => c.query('SELECT $1::int AS n, pg_sleep(0.01)', [n])))
    show(results.map((r) => r.rows[0].n))
    show((await Promise.allSettled([c.query('SELECT 1/0'), c.query('SELECT 2 AS two')])).map((r) => r.status))
  }),
)

check('transactions', () =>
  connected(async (c) => {
    await c.query('CREATE TABLE tx (a int PRIMARY KEY)')
    await c.query('BEGIN')
    await c.query('INSERT INTO tx VALUES (1)')
    await c.query('SAVEPOINT s')
    await fails(() => c.query('INSERT INTO tx VALUES (1)'))
    await fails(() => c.query('SELECT 1'))
    await c.query('ROLLBACK TO SAVEPOINT s')
    await c.query('COMMIT')
    show((await c.query('SELECT * FROM tx')).rows)
  }),
)

check('errors', () =>
  connected(async (c) => {
    await c.query('CREATE TABLE err (a int PRIMARY KEY, b int NOT NULL CHECK (b > 0), c int REFERENCES err)')
    for (const statement of [
      'SELEC',
      'SELECT * FROM nowhere',
      'SELECT x FROM err',
      'INSERT INTO err VALUES (1, NULL)',
      'INSERT INTO err VALUES (1, -1)',
      'INSERT INTO err VALUES (1, 1), (1, 1)',
      'INSERT INTO err VALUES (2, 1, 9)',
      'SELECT 1/0',
      "SELECT 'x'::int",
    ]) {
      await fails(() => c.query(statement))
    }
    await fails(() => c.query('SELECT $1::int', ['x']))
    await fails(() => c.query('SELECT $1::int, $2::int', [1]))
  }),
)

check('cursors', () =>
  connected(async (c) => {
    const cursor = c.query(new Cursor('SELECT generate_series(1, $1::int) AS g', [10]))
    show(await cursor.read(3), (await cursor.read(100)).length, await cursor.read(1))
    await cursor.close()
    const early = c.query(new Cursor('SELECT generate_series(1, 100000) AS g'))
    await early.read(2)
    await early.close()
    show((await c.query("SELECT 'next' AS v")).rows)
    await fails(() => c.query(new Cursor('SELECT nothing')).read(1))
  }),
)

check('stream of a query', () =>
  connected(async (c) => {
    let sum = 0
    for await (const row of c.query(new QueryStream('SELECT generate_series(1, 5000) AS g', [], { batchSize: 100 })))
      sum += row.g
    show(sum)
  }),
)

check('copy in and out by streams', () =>
  connected(async (c) => {
    await c.query('CREATE TABLE copied (a int, b text)')
    await pipeline(
      Readable.from(['1\tone\n', '2\t\\N\n', '3\tth', 'ree\n']),
      c.query(copy.from('COPY copied FROM STDIN')),
    )
    let text = ''
    await pipeline(
      c.query(copy.to("COPY copied TO STDOUT WITH (FORMAT csv, HEADER, NULL 'nil')")),
      new Writable({ write: (chunk, _, done) => ((text += chunk), done()) }),
    )
    show(text)
    await fails(() => pipeline(Readable.from(['x\ty\n']), c.query(copy.from('COPY copied FROM STDIN'))))
    show((await c.query('SELECT count(*) FROM copied')).rows)
  }),
)

check('copy between sessions', () =>
  connected((a) =>
    connected(async (b) => {
      await a.query('CREATE TABLE target (a int)')
      await pipeline(
        b.query(copy.to('COPY (SELECT generate_series(1, 20000)) TO STDOUT')),
        a.query(copy.from('COPY target FROM STDIN')),
      )
      show((await a.query('SELECT count(*), sum(a) FROM target')).rows)
    }),
  ),
)

check('notifications and notices', () =>
  connected(async (c) => {
    const heard = new Promise((resolve) =>
      c.on('notification', (m) => resolve([m.channel, m.payload, m.processId === c.processID])),
    )
    c.on('notice', (n) => show(n.severity, n.code, n.message))
    await c.query('LISTEN news')
    await c.query("NOTIFY news, 'hello'")
    show(await heard)
    await c.query('DROP TABLE IF EXISTS never_was')
  }),
)

check('cancel by function', () =>
  connected((a) =>
    connected(async (b) => {
      const sleeping = b.query('SELECT pg_sleep(10)')
      setTimeout(() => a.query('SELECT pg_cancel_backend($1)', [b.processID]), 300)
      await fails(() => sleeping)
      show((await b.query("SELECT 'alive' AS v")).rows)
    }),
  ),
)

check('query timeout', () => connected((c) => fails(() => c.query('SELECT pg_sleep(10)')), { statement_timeout: 200 }))

check('pool', async () => {
  const pool = new Pool({ max: 3 })
  const rows = await Promise.all(
    Array.from({ length: 10 }, (_, n) => pool.query('SELECT $1::int AS n, pg_sleep(0.01)', [n])),
  )
  show(
    rows.map((r) => r.rows[0].n),
    pool.totalCount,
  )
  await pool.end()
})

check('custom type parsers', () =>
  connected(async (c) => {
    const custom = { getTypeParser: (oid, format) => (oid === 20 ? BigInt : parsers.getTypeParser(oid, format)) }
    show((await c.query({ text: 'SELECT 9007199254740993::int8 AS v, 1::int4 AS w', types: custom })).rows)
  }),
)

run()
