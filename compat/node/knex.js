// Knex: schema builder, query builder, migrations and seeds.

const fs = require('fs')
const os = require('os')
const path = require('path')
const Knex = require('knex')
const { check, fails, run, show } = require('./checks')

const migrations = fs.mkdtempSync(path.join(os.tmpdir(), 'knex-'))
const knex = Knex({
  client: 'pg',
  connection: {},
  pool: { min: 0, max: 4 },
  migrations: { directory: migrations },
  seeds: { directory: migrations },
})

check('schema: create', async () => {
  await knex.schema.createSchema('shop')
  await knex.schema.withSchema('shop').createTable('customer', (t) => {
    t.increments('id')
    t.string('name', 40).notNullable().unique().comment('full name')
    t.decimal('balance', 10, 2).defaultTo(0)
    t.boolean('active').defaultTo(true)
    t.jsonb('data').defaultTo('{}')
    t.uuid('key').defaultTo(knex.fn.uuid())
    t.specificType('tags', 'text[]')
    t.binary('raw')
    t.date('born')
    t.time('hour')
    t.float('score')
    t.bigInteger('big')
    t.text('note')
    t.timestamps(true, true)
    t.index(['born', 'name'])
    t.check('?? >= ?', ['balance', -100], 'balance_low')
    t.comment('who buys')
  })
  await knex.schema.withSchema('shop').createTable('purchase', (t) => {
    t.bigIncrements('id')
    t.integer('customer_id').references('id').inTable('shop.customer').onDelete('CASCADE').index()
    t.integer('line')
    t.unique(['customer_id', 'line'], { deferrable: 'deferred' })
  })
  show(
    await knex.schema.withSchema('shop').hasTable('customer'),
    await knex.schema.withSchema('shop').hasColumn('customer', 'name'),
  )
})

check('column info', async () => show(await knex('customer').withSchema('shop').columnInfo()))

check('enum by check and native', async () => {
  await knex.schema.createTable('checked', (t) => t.enu('state', ['a', 'b']))
  await fails(() => knex('checked').insert({ state: 'c' }))
  await knex.schema.createTable('native', (t) =>
    t.enu('state', ['a', 'b'], { useNative: true, enumName: 'state_type' }),
  )
  show(await knex('native').insert({ state: 'a' }).returning('*'))
})

check('insert, returning, conflicts', async () => {
  const table = () => knex('shop.customer')
  show(
    await table()
      .insert([
        { name: 'Ada', tags: ['x'] },
        { name: 'Grace', data: { a: 1 } },
      ])
      .returning(['id', 'name', 'tags', 'data', 'balance']),
  )
  show(
    await table().insert({ name: 'Ada', note: 'again' }).onConflict('name').merge(['note']).returning(['id', 'note']),
  )
  show(await table().insert({ name: 'Ada' }).onConflict('name').ignore().returning('id'))
  show(
    await knex
      .batchInsert(
        'shop.purchase',
        Array.from({ length: 250 }, (_, n) => ({ customer_id: 1, line: n })),
        100,
      )
      .returning('id')
      .then((rows) => rows.length),
  )
})

check('select in many forms', async () => {
  show(
    await knex('shop.customer as c')
      .leftJoin('shop.purchase as p', 'p.customer_id', 'c.id')
      .groupBy('c.name')
      .select('c.name')
      .count('p.id as n')
      .orderBy('c.name'),
  )
  show(
    await knex('shop.purchase')
      .whereIn('line', [1, 2])
      .orWhereBetween('line', [100, 101])
      .orderBy('line')
      .pluck('line'),
  )
  show(
    await knex
      .with('big', knex('shop.purchase').where('line', '>', 245))
      .select('line')
      .from('big')
      .orderBy('line'),
  )
  show(await knex('shop.customer').whereJsonPath('data', '$.a', '=', 1).select('name'))
  show(await knex('shop.customer').whereJsonSupersetOf('data', { a: 1 }).select('name'))
  show(
    await knex('shop.purchase')
      .distinctOn('customer_id')
      .orderBy(['customer_id', { column: 'line', order: 'desc' }])
      .select('line'),
  )
  show(await knex('shop.purchase').select('line').rowNumber('r', 'line', 'customer_id').orderBy('line').limit(2))
  show(
    await knex('shop.customer').whereILike('name', '%a%').orderBy('name').first('name'),
    await knex('shop.purchase').sum('line').first(),
  )
  show(
    await knex
      .select('name')
      .from('shop.customer')
      .unionAll([knex.select(knex.raw("'x'"))], true)
      .orderBy(1),
  )
  show((await knex.raw('SELECT ?::int AS a, ?? FROM shop.customer ORDER BY id', [5, 'name'])).rows)
})

check('update, delete, increment', async () => {
  show(await knex('shop.customer').where({ name: 'Ada' }).update({ balance: 5 }, ['id', 'balance']))
  show(await knex('shop.customer').increment('balance', 2), await knex('shop.purchase').where('line', '<', 200).del())
  await fails(() =>
    knex('shop.customer').insert({
      id: 50,
      name: 'poor',
      balance: -1000,
      key: '00000000-0000-0000-0000-000000000001',
      created_at: '2024-01-01',
      updated_at: '2024-01-01',
    }),
  )
})

check('transactions', async () => {
  await knex.transaction(async (trx) => {
    await trx('shop.customer').insert({ name: 'kept' })
    await trx
      .transaction(async (inner) => {
        await inner('shop.customer').insert({ name: 'lost' })
        await inner.rollback(new Error('undone'))
      })
      .catch((e) => show(e.message))
  })
  show(await knex('shop.customer').orderBy('name').pluck('name'))
  await fails(() =>
    knex.transaction((trx) => trx('shop.customer').insert({ name: 'kept' }), { isolationLevel: 'serializable' }),
  )
  show(
    await knex.transaction((trx) =>
      trx('shop.customer')
        .forUpdate()
        .skipLocked()
        .select('id')
        .then((r) => r.length),
    ),
  )
})

check('stream', async () => {
  let sum = 0
  for await (const row of knex('shop.purchase').select('line').stream()) sum += row.line
  show(sum)
})

check('schema: alter', async () => {
  await knex.schema.withSchema('shop').alterTable('customer', (t) => {
    t.string('name', 80).notNullable().alter()
    t.renameColumn('note', 'remark')
    t.dropColumn('raw')
    t.setNullable('active')
    t.dropNullable('balance')
    t.dropIndex(['born', 'name'])
    t.dropChecks('balance_low')
  })
  show(Object.keys(await knex('customer').withSchema('shop').columnInfo()))
  await knex.schema.renameTable('checked', 'renamed')
  await knex.schema.createView('names', (v) => v.as(knex('shop.customer').select('name')))
  await knex.schema.dropView('names')
})

check('migrations up and down', async () => {
  const step = (n, up, down) =>
    fs.writeFileSync(
      path.join(migrations, `${n}.js`),
      `exports.up = (knex) => ${up}\nexports.down = (knex) => ${down}\n`,
    )
  step(1, "knex.schema.createTable('one', (t) => { t.increments(); t.string('a') })", "knex.schema.dropTable('one')")
  step(
    2,
    "knex.schema.alterTable('one', (t) => { t.integer('b').index(); t.unique('a') })",
    "knex.schema.alterTable('one', (t) => { t.dropColumn('b'); t.dropUnique('a') })",
  )
  show(await knex.migrate.latest(), await knex.migrate.currentVersion())
  show(
    (await knex.migrate.rollback())[0],
    await knex.migrate.up(),
    await knex.migrate.list().then(([done, open]) => [done.length, open.length]),
  )
  show(await knex.migrate.rollback(undefined, true))
})

check('migration that fails is undone', async () => {
  fs.writeFileSync(
    path.join(migrations, '3.js'),
    "exports.up = async (knex) => { await knex.schema.createTable('three', (t) => t.increments()); await knex.raw('SELECT 1/0') }\nexports.down = () => {}\n",
  )
  await fails(() => knex.migrate.latest())
  show(await knex.schema.hasTable('three'), await knex.schema.hasTable('one'))
})

run()
