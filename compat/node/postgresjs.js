// postgres.js: tagged templates, pipelines on one connection, cursors, COPY, types fetched from the catalog.

const fs = require('fs')
const { pipeline } = require('stream/promises')
const { Readable } = require('stream')
const postgres = require('postgres')
const { check, fails, run, show, types } = require('./checks')

async function connected(body, options = {}) {
  const sql = postgres({ max: 1, onnotice: () => {}, ...options })
  try {
    return await body(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

check('connect plain', () => connected(async (sql) => show([...(await sql`SELECT current_user, current_database()`)])))
check('connect TLS, verified', () =>
  connected(async (sql) => show([...(await sql`SELECT 1 AS one`)]), {
    ssl: { ca: fs.readFileSync(process.env.PGSSLROOTCERT) },
  }),
)
check('connect with wrong password', () => fails(() => connected((sql) => sql`SELECT 1`, { password: 'wrong' })))
check('connect with settings', () =>
  connected(
    async (sql) =>
      show(
        [...(await sql`SELECT current_setting('work_mem') m, current_setting('search_path') p`)],
        sql.parameters?.application_name,
      ),
    { connection: { work_mem: '8MB', search_path: 'x,y' } },
  ),
)

for (const { name, type, literal } of types()) {
  check(`type ${name}`, () =>
    connected(async (sql) => {
      const quoted = literal.replaceAll("'", "''")
      const [row] = await sql.unsafe(`SELECT '${quoted}'::${type} AS v`)
      show(row.v)
      const described = await sql.unsafe(`SELECT '${quoted}'::${type} AS v`).describe()
      show(
        described.types,
        described.columns.map((c) => [c.name, c.type]),
      )
      // The driver has no type for an array that it cannot tell from its elements, and no infinite Date.
      const lost = Array.isArray(row.v) || (row.v instanceof Date && Number.isNaN(row.v.getTime()))
      const back = await sql.unsafe(`SELECT ($1::${type})::text AS v`, [lost ? literal : row.v], { prepare: true })
      show(back[0].v)
    }),
  )
}

check('templates: values, lists, identifiers, dynamic columns', () =>
  connected(async (sql) => {
    await sql`CREATE TABLE person (id int GENERATED ALWAYS AS IDENTITY, name text, age int, tags text[], data jsonb)`
    const people = [
      { name: 'Ada', age: 36 },
      { name: 'Grace', age: 85 },
    ]
    show([...(await sql`INSERT INTO person ${sql(people, 'name', 'age')} RETURNING *`)])
    show([
      ...(await sql`UPDATE person SET ${sql({ age: 37, tags: ['x', 'y'] })} WHERE name = ${'Ada'} RETURNING id, age, tags`),
    ])
    show([
      ...(await sql`SELECT ${sql('name')} FROM ${sql('person')} WHERE name IN ${sql(['Ada', 'Grace'])} ORDER BY 1`),
    ])
    show([...(await sql`SELECT * FROM person WHERE age = ANY(${[37, 85]}) ${sql`ORDER BY ${sql('id')}`}`)])
    show([...(await sql`UPDATE person SET data = ${sql.json({ a: [1] })} WHERE id = ${1} RETURNING data`)])
    show(
      [
        ...(await sql`UPDATE person SET age = u.age::int FROM (VALUES ${sql([
          ['Ada', 1],
          ['Grace', 2],
        ])}) AS u (name, age) WHERE person.name = u.name RETURNING person.name, person.age`),
      ]
        .map((row) => `${row.name} ${row.age}`)
        .sort(),
    )
  }),
)

check('pipelined queries', () =>
  connected(async (sql) =>
    show((await Promise.all(Array.from({ length: 50 }, (_, n) => sql`SELECT ${n}::int AS n`))).map((r) => r[0].n)),
  ),
)

check('pipelined queries, one fails', () =>
  connected(async (sql) =>
    show(
      (await Promise.allSettled([sql`SELECT 1 AS a`, sql`SELECT 1/0`, sql`SELECT 2 AS b`])).map(
        (r) => r.value?.[0] ?? r.reason.code,
      ),
    ),
  ),
)

check('transactions and savepoints', () =>
  connected(async (sql) => {
    await sql`CREATE TABLE tx (a int PRIMARY KEY)`
    await sql.begin(async (sql) => {
      await sql`INSERT INTO tx VALUES (1)`
      await sql.savepoint((sql) => sql`INSERT INTO tx VALUES (1)`).catch((e) => show(e.code, e.constraint_name))
      await sql`INSERT INTO tx VALUES (2)`
    })
    await fails(() => sql.begin('ISOLATION LEVEL SERIALIZABLE READ ONLY', (sql) => sql`INSERT INTO tx VALUES (3)`))
    show([...(await sql`SELECT * FROM tx ORDER BY a`)])
  }),
)

check('errors', () =>
  connected(async (sql) => {
    for (const statement of [
      'SELEC',
      'SELECT * FROM nowhere',
      'SELECT 1/0',
      "SELECT 'x'::int",
      'INSERT INTO tx VALUES (1)',
      'SELECT nothing(1)',
    ])
      await fails(() => sql.unsafe(statement))
    await fails(() => sql`SELECT ${'x'}::int`)
  }),
)

check('cursors', () =>
  connected(async (sql) => {
    const sizes = []
    await sql`SELECT generate_series(1, 25) AS g`.cursor(10, (rows) => void sizes.push(rows.length))
    for await (const [row] of sql`SELECT generate_series(1, 3) AS g`.cursor()) sizes.push(row.g)
    await sql`SELECT generate_series(1, 100) AS g`.cursor(10, () => sql.CLOSE)
    show(sizes, (await sql`SELECT 'next' AS v`)[0])
  }),
)

check('forEach and raw', () =>
  connected(async (sql) => {
    let sum = 0
    await sql`SELECT generate_series(1, 1000) AS g`.forEach((row) => (sum += row.g))
    show(
      sum,
      [...(await sql`SELECT 1 AS a, 'x' AS b`.values())],
      [...(await sql`SELECT 1 AS a`.raw())].map((row) => row.map((v) => v.toString('hex'))),
    )
  }),
)

check('simple queries of several statements', () =>
  connected(async (sql) => show((await sql`SELECT 1 AS a; SELECT 2 AS b`.simple()).map((r) => [...r]))),
)

check('copy', () =>
  connected(async (sql) => {
    await sql`CREATE TABLE copied (a int, b text)`
    await pipeline(Readable.from(['1\tone\n2\t\\N\n']), await sql`COPY copied FROM STDIN`.writable())
    let text = ''
    for await (const chunk of await sql`COPY copied TO STDOUT`.readable()) text += chunk
    show(text)
  }),
)

check('listen and notify', () =>
  connected(async (sql) => {
    let tell
    const heard = new Promise((resolve) => (tell = resolve))
    const { unlisten } = await sql.listen('news', tell)
    await sql.notify('news', 'hello')
    show(await heard)
    await unlisten()
  }),
)

check('cancel', () =>
  connected(async (sql) => {
    const query = sql`SELECT pg_sleep(10)`
    setTimeout(() => query.cancel(), 300)
    await fails(() => query)
  }),
)

check('types of user', () =>
  connected(async (sql) => {
    await sql`CREATE TYPE mood AS ENUM ('sad', 'happy')`
    show([...(await sql`SELECT ${'sad'}::mood AS m, ARRAY['happy']::mood[] AS a`)])
  }),
)

check('fetch of array types', () =>
  connected(async (sql) =>
    show([...(await sql`SELECT ${['a', 'b']}::text[] AS t, ${[1, 2]}::int[] AS i, ARRAY['10.1.1.1'::text] AS n`)]),
  ),
)

check('transformed names', () =>
  connected(async (sql) => show([...(await sql`SELECT 1 AS some_name, NULL AS no_value`)]), {
    transform: { ...postgres.camel, undefined: null },
  }),
)

run()
