// Drizzle: queries over node-postgres and postgres.js; drizzle-kit's push, pull, generate and migrate.

const { spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { Pool } = require('pg')
const { and, count, desc, eq, gt, ilike, inArray, relations, sql, sum } = require('drizzle-orm')
const { drizzle } = require('drizzle-orm/node-postgres')
const { migrate } = require('drizzle-orm/node-postgres/migrator')
const { check, fails, run, show } = require('./checks')

const SCHEMA = `
const { bigint, bigserial, boolean, check, date, doublePrecision, foreignKey, index, integer, jsonb, numeric, pgSchema, pgTable, pgView, primaryKey, serial, text, time, timestamp, uniqueIndex, unique, uuid, varchar, char, real, smallint, interval } = require('drizzle-orm/pg-core')
const { sql } = require('drizzle-orm')
const customer = pgTable('customer', {
  id: serial('id').primaryKey(),
  name: varchar('name', { length: 40 }).notNull().unique(),
  balance: numeric('balance', { precision: 10, scale: 2 }).default('0').notNull(),
  data: jsonb('data').default({}),
  tags: text('tags').array(),
  born: date('born'),
  key: uuid('key').defaultRandom(),
  active: boolean('active').default(true),
  at: timestamp('at', { withTimezone: true }).defaultNow(),
  code: char('code', { length: 3 }),
  hour: time('hour'),
  small: smallint('small'),
  score: real('score'),
  twice: numeric('twice').generatedAlwaysAs(sql\`balance * 2\`),
}, (t) => [index('customer_born').on(t.born.desc(), t.name), uniqueIndex('customer_lower').on(sql\`lower(\${t.name})\`), check('balance_low', sql\`\${t.balance} >= -100\`)])
const purchase = pgTable('purchase', {
  id: bigint('id', { mode: 'number' }).generatedAlwaysAsIdentity().primaryKey(),
  customerId: integer('customer_id').notNull().references(() => customer.id, { onDelete: 'cascade' }),
  number: integer('number'),
  total: doublePrecision('total').default(0),
}, (t) => [unique('purchase_number').on(t.customerId, t.number)])
module.exports = { customer, purchase }
`
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'drizzle-'))
fs.symlinkSync(path.join(process.env.NODE_PATH), path.join(directory, 'node_modules'))
fs.writeFileSync(path.join(directory, 'schema.js'), SCHEMA)
const env = process.env
const credentials = {
  host: env.PGHOST,
  port: Number(env.PGPORT),
  user: env.PGUSER,
  password: env.PGPASSWORD,
  database: env.PGDATABASE,
  ssl: false,
}
fs.writeFileSync(
  path.join(directory, 'drizzle.config.js'),
  `module.exports = { dialect: 'postgresql', schema: './schema.js', out: './out', dbCredentials: ${JSON.stringify(credentials)} }`,
)

const tables = require(path.join(directory, 'schema.js'))
const { customer, purchase } = tables
const customerRelations = relations(customer, ({ many }) => ({ purchases: many(purchase) }))
const purchaseRelations = relations(purchase, ({ one }) => ({
  customer: one(customer, { fields: [purchase.customerId], references: [customer.id] }),
}))
const pool = new Pool()
const db = drizzle(pool, { schema: { ...tables, customerRelations, purchaseRelations } })

/** What drizzle-kit says, without its spinners. */
function kit(...words) {
  const program = path.join(process.env.NODE_PATH, 'drizzle-kit', 'bin.cjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 60000,
  })
  if (status !== 0)
    throw new Error(
      `drizzle-kit ${words[0]}: ${(stdout + stderr).match(/error: .*/)?.[0] ?? (stdout + stderr).slice(-300)}`,
    )
  return stdout
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\x1b\[[0-9;?]*[a-zA-Z]/g, '').trim())
    .filter((line) => /applied|Changes|fetching|\[✓\]|No changes|error/.test(line))
}

check('kit: push', async () => {
  show(kit('push', '--force').filter((line) => /Changes|No changes/.test(line)))
  show(
    (
      await pool.query(
        "SELECT table_name, column_name, data_type, column_default FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
      )
    ).rows,
  )
})
check('kit: push finds no changes', async () =>
  show(kit('push', '--force').filter((line) => /Changes|No changes/.test(line))),
)
check('kit: pull', async () => {
  kit('pull')
  show(fs.readFileSync(path.join(directory, 'out', 'schema.ts'), 'utf8').split('\n'))
})
check('insert and returning', async () => {
  show(
    await db
      .insert(customer)
      .values([
        { name: 'Ada', tags: ['x'], data: { a: 1 } },
        { name: 'Grace', balance: '5.50' },
      ])
      .returning({
        id: customer.id,
        name: customer.name,
        tags: customer.tags,
        data: customer.data,
        twice: customer.twice,
      }),
  )
  show(
    await db
      .insert(customer)
      .values({ name: 'Ada', code: 'abc' })
      .onConflictDoUpdate({ target: customer.name, set: { code: sql`excluded.code` } })
      .returning({ code: customer.code }),
  )
  await db.insert(purchase).values([1, 2, 3].map((number) => ({ customerId: 1, number, total: number / 2 })))
})
check('select, joins, aggregates', async () => {
  show(
    await db
      .select({ name: customer.name, n: count(purchase.id), total: sum(purchase.total) })
      .from(customer)
      .leftJoin(purchase, eq(purchase.customerId, customer.id))
      .groupBy(customer.name)
      .orderBy(customer.name),
  )
  show(
    await db
      .select({ id: purchase.id })
      .from(purchase)
      .where(and(gt(purchase.total, 0.6), inArray(purchase.number, [2, 3])))
      .orderBy(desc(purchase.number)),
  )
  const big = db.$with('big').as(db.select().from(purchase).where(gt(purchase.number, 1)))
  show(await db.with(big).select({ number: big.number }).from(big).orderBy(big.number))
  show(
    await db
      .selectDistinctOn([purchase.customerId], { number: purchase.number })
      .from(purchase)
      .orderBy(purchase.customerId, desc(purchase.number)),
  )
})
check('relational queries', async () => {
  show(
    await db.query.customer.findMany({
      columns: { name: true },
      with: { purchases: { columns: { number: true, total: true }, orderBy: purchase.number, limit: 2 } },
      where: ilike(customer.name, '%a%'),
      orderBy: customer.name,
    }),
  )
  show(await db.query.purchase.findFirst({ with: { customer: { columns: { name: true } } }, orderBy: purchase.id }))
})
check('update and delete', async () => {
  show(
    await db
      .update(customer)
      .set({ balance: sql`${customer.balance} + 1` })
      .where(eq(customer.name, 'Ada'))
      .returning({ balance: customer.balance, twice: customer.twice }),
  )
  show((await db.delete(purchase).where(eq(purchase.number, 3))).rowCount)
})
check('transactions', async () => {
  await db.transaction(
    async (tx) => {
      await tx.insert(customer).values({ name: 'kept' })
      await tx
        .transaction(async (inner) => {
          await inner.insert(customer).values({ name: 'lost' })
          inner.rollback()
        })
        .catch((e) => show(e.message))
    },
    { isolationLevel: 'repeatable read', accessMode: 'read write' },
  )
  show(await db.select({ name: customer.name }).from(customer).orderBy(customer.name))
  show(
    await db
      .transaction((tx) => tx.select({ id: customer.id }).from(customer).for('update', { skipLocked: true }))
      .then((r) => r.length),
  )
})
check('errors', async () => {
  await fails(() => db.insert(customer).values({ name: 'Ada' }))
  await fails(() =>
    db
      .update(customer)
      .set({ balance: '-1000', at: new Date(0), key: '00000000-0000-0000-0000-000000000001' })
      .where(eq(customer.name, 'Grace')),
  )
  await fails(() => db.execute(sql`SELECT * FROM nowhere`))
})
check('prepared statements and placeholders', async () => {
  const byName = db
    .select({ id: customer.id })
    .from(customer)
    .where(eq(customer.name, sql.placeholder('name')))
    .prepare('by_name')
  show(await byName.execute({ name: 'Ada' }), await byName.execute({ name: 'Grace' }))
})
check('over postgres.js', async () => {
  const client = require('postgres')({ max: 1 })
  const other = require('drizzle-orm/postgres-js').drizzle(client)
  show([...(await other.select({ name: customer.name, data: customer.data }).from(customer).orderBy(customer.name))])
  await client.end()
})
check('kit: generate; migrate', async () => {
  await pool.query('DROP TABLE purchase, customer')
  fs.rmSync(path.join(directory, 'out'), { recursive: true })
  kit('generate', '--name', 'first')
  await migrate(db, { migrationsFolder: path.join(directory, 'out') })
  await migrate(db, { migrationsFolder: path.join(directory, 'out') })
  show((await pool.query('SELECT count(*) FROM drizzle.__drizzle_migrations')).rows, await db.$count(customer))
})

run()
