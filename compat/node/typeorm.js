// TypeORM: entities by schema, synchronisation, repositories, query builder, migrations.

require('reflect-metadata')
const { DataSource, EntitySchema, In, Like, MoreThan } = require('typeorm')
const { check, fails, run, show } = require('./checks')

const Customer = new EntitySchema({
  name: 'Customer',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    name: { type: 'varchar', length: 40, unique: true, comment: 'full name' },
    balance: { type: 'numeric', precision: 10, scale: 2, default: 0 },
    data: { type: 'jsonb', nullable: true },
    tags: { type: 'text', array: true, default: '{}' },
    born: { type: 'date', nullable: true },
    key: { type: 'uuid', generated: 'uuid' },
    active: { type: 'boolean', default: true },
    raw: { type: 'bytea', nullable: true },
    made: { type: 'timestamptz', createDate: true },
    gone: { type: 'timestamptz', deleteDate: true, nullable: true },
    version: { type: 'int', version: true },
  },
  indices: [
    { name: 'customer_born', columns: ['born', 'name'] },
    { name: 'customer_active', columns: ['name'], where: '"active"' },
  ],
  checks: [{ name: 'balance_low', expression: '"balance" >= -100' }],
  relations: { orders: { type: 'one-to-many', target: 'Order', inverseSide: 'customer', cascade: true } },
})
const Order = new EntitySchema({
  name: 'Order',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'increment' },
    number: { type: 'int' },
    total: { type: 'double precision', default: 0 },
  },
  relations: {
    customer: { type: 'many-to-one', target: 'Customer', onDelete: 'CASCADE', joinColumn: true },
    labels: { type: 'many-to-many', target: 'Label', joinTable: true, cascade: true },
  },
  uniques: [{ columns: ['number', 'customer'], deferrable: 'INITIALLY DEFERRED' }],
})
const Label = new EntitySchema({
  name: 'Label',
  columns: { id: { type: 'int', primary: true, generated: 'identity' }, text: { type: 'text' } },
})

const env = process.env
const options = {
  type: 'postgres',
  host: env.PGHOST,
  port: Number(env.PGPORT),
  username: env.PGUSER,
  password: env.PGPASSWORD,
  database: env.PGDATABASE,
  installExtensions: false,
  uuidExtension: 'pgcrypto',
}
const source = new DataSource({ ...options, entities: [Customer, Order, Label] })
const customers = () => source.getRepository('Customer')
const orders = () => source.getRepository('Order')

check('initialize', async () => {
  await source.initialize()
  show(source.isInitialized)
})
check('synchronize', () => source.synchronize())
check('synchronize finds nothing more', async () => {
  const { upQueries } = await source.driver.createSchemaBuilder().log()
  show(upQueries.map((q) => q.query))
})
check('save with cascades', async () => {
  const ada = await customers().save({
    name: 'Ada',
    data: { a: 1 },
    tags: ['x'],
    born: '1815-12-10',
    raw: Buffer.from([1]),
    orders: [{ number: 1, total: 1.5, labels: [{ text: 'new' }] }, { number: 2 }],
  })
  show(
    ada.id,
    ada.balance,
    ada.version,
    ada.orders.map((o) => [o.id, o.total, o.labels]),
  )
  await customers().save([{ name: 'Grace' }, { name: 'Edsger' }])
})
check('find with relations and operators', async () => {
  show(
    await customers().find({
      select: { id: true, name: true, tags: true, data: {} },
      where: { name: In(['Ada', 'Grace']) },
      relations: { orders: { labels: true } },
      order: { name: 'ASC', orders: { number: 'ASC' } },
    }),
  )
  show(
    await orders().findAndCount({ where: { total: MoreThan(1) }, take: 1 }),
    await customers().countBy({ name: Like('%a%') }),
  )
})
check('query builder', async () => {
  show(
    await customers()
      .createQueryBuilder('c')
      .leftJoin('c.orders', 'o')
      .select('c.name', 'name')
      .addSelect('count(o.id)', 'n')
      .addSelect('sum(o.total)', 'total')
      .groupBy('c.name')
      .having('count(*) > :n', { n: 0 })
      .orderBy('c.name')
      .getRawMany(),
  )
  show(
    await customers()
      .createQueryBuilder('c')
      .select(['c.name'])
      .where('c.tags @> :tags', { tags: ['x'] })
      .andWhere("c.data ->> 'a' = :a", { a: '1' })
      .getMany(),
  )
  show(
    await source
      .createQueryBuilder()
      .select('t.n', 'n')
      .from((q) => q.select('count(*)', 'n').from('Order', 'o'), 't')
      .getRawOne(),
  )
  show(
    (
      await customers()
        .createQueryBuilder('c')
        .leftJoinAndSelect('c.orders', 'o')
        .orderBy('c.name')
        .skip(1)
        .take(1)
        .getMany()
    ).map((c) => c.name),
  )
})
check('insert, upsert, update, delete by builder', async () => {
  const inserted = await source
    .createQueryBuilder()
    .insert()
    .into('Label')
    .values([{ text: 'a' }, { text: 'b' }])
    .returning('*')
    .execute()
  show(inserted.raw)
  await customers().upsert({ name: 'Grace', balance: 7 }, ['name'])
  show((await customers().findOneBy({ name: 'Grace' })).balance)
  show(
    await source
      .createQueryBuilder()
      .update('Order')
      .set({ total: () => 'total + 1' })
      .where('number = 2')
      .returning('total')
      .execute()
      .then((r) => [r.raw, r.affected]),
  )
  show(
    (await customers().increment({ name: 'Ada' }, 'balance', 5)).affected,
    (await source.getRepository('Label').delete({ text: 'b' })).affected,
  )
})
check('soft delete and restore', async () => {
  await customers().softDelete({ name: 'Edsger' })
  show(await customers().count(), await customers().count({ withDeleted: true }))
  await customers().restore({ name: 'Edsger' })
  show(await customers().count())
})
check('transactions and locks', async () => {
  await source.transaction('SERIALIZABLE', async (manager) => {
    await manager.save('Label', { text: 'kept' })
    await manager.transaction((inner) => inner.query('SELECT 1/0')).catch((e) => show(e.code))
  })
  show(await source.getRepository('Label').countBy({ text: 'kept' }))
  show(
    await source
      .transaction((manager) =>
        manager.findOne('Customer', {
          where: { name: 'Ada' },
          lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
        }),
      )
      .then((c) => c.name),
  )
  await fails(() => source.transaction(async (manager) => manager.insert('Customer', { name: 'Ada' })))
})
check('stream', async () => {
  const rows = []
  for await (const row of await customers().createQueryBuilder('c').select('c.name', 'name').orderBy('c.name').stream())
    rows.push(row)
  show(rows)
})
check('query runner: introspection', async () => {
  const runner = source.createQueryRunner()
  for (const name of ['customer', 'order', 'order_labels_label']) {
    const table = await runner.getTable(name)
    show(
      table.columns.map((c) => [
        c.name,
        c.type,
        c.length,
        c.precision,
        c.scale,
        c.isNullable,
        c.isPrimary,
        c.isGenerated,
        c.generationStrategy,
        c.default,
        c.comment,
        c.isArray,
      ]),
    )
    show(
      table.indices.map((i) => [i.name, i.columnNames, i.isUnique, i.where]).sort(),
      table.uniques.map((u) => [u.name, u.columnNames, u.deferrable]).sort(),
    )
    show(
      table.checks.map((c) => [c.name, c.expression]),
      table.foreignKeys.map((f) => [f.name, f.columnNames, f.referencedTableName, f.onDelete, f.onUpdate]).sort(),
    )
  }
  show(
    await runner.getDatabases().then((d) => d.length > 0),
    await runner.hasTable('customer'),
    await runner.hasColumn('customer', 'name'),
    await runner.getCurrentSchema(),
  )
  await runner.release()
})
check('query runner: alter', async () => {
  const { Table, TableColumn, TableForeignKey, TableIndex } = require('typeorm')
  const runner = source.createQueryRunner()
  await runner.createTable(
    new Table({
      name: 'made',
      columns: [
        { name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'identity' },
        { name: 'c', type: 'int', isNullable: true },
      ],
    }),
    true,
  )
  await runner.addColumn('made', new TableColumn({ name: 'extra', type: 'varchar', length: '10', default: "'x'" }))
  await runner.changeColumn(
    'made',
    'extra',
    new TableColumn({ name: 'more', type: 'varchar', length: '20', isNullable: true }),
  )
  await runner.createForeignKey(
    'made',
    new TableForeignKey({
      columnNames: ['c'],
      referencedTableName: 'customer',
      referencedColumnNames: ['id'],
      onDelete: 'SET NULL',
    }),
  )
  await runner.createIndex('made', new TableIndex({ name: 'made_more', columnNames: ['more'], isUnique: true }))
  await runner.renameTable('made', 'renamed')
  show((await runner.getTable('renamed')).columns.map((c) => [c.name, c.type, c.length, c.isNullable]))
  await runner.dropTable('renamed')
  await runner.release()
})
check('migrations up and down', async () => {
  class First1700000000000 {
    up = (runner) => runner.query('CREATE TABLE migrated (id serial PRIMARY KEY)')
    down = (runner) => runner.query('DROP TABLE migrated')
  }
  class Second1700000000001 {
    up = (runner) => runner.query('ALTER TABLE migrated ADD COLUMN a int')
    down = (runner) => runner.query('ALTER TABLE migrated DROP COLUMN a')
  }
  const other = await new DataSource({
    ...options,
    migrations: [First1700000000000, Second1700000000001],
    migrationsTransactionMode: 'each',
  }).initialize()
  show(
    (await other.runMigrations()).map((m) => m.name),
    await other.showMigrations(),
  )
  await other.undoLastMigration()
  show(await other.query('SELECT name FROM migrations'))
  await other.undoLastMigration()
  await other.destroy()
})
check('enum and simple types', async () => {
  const Mood = new EntitySchema({
    name: 'Mood',
    columns: {
      id: { type: 'int', primary: true },
      value: { type: 'enum', enum: ['sad', 'happy'], default: 'sad' },
      list: { type: 'simple-array', nullable: true },
    },
  })
  const other = await new DataSource({ ...options, entities: [Mood], synchronize: true }).initialize()
  show(await other.getRepository('Mood').save({ id: 1, list: ['a', 'b'] }))
  await other.synchronize()
  await other.destroy()
})
check('drop database', async () => {
  await source.dropDatabase()
  show(await source.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
})

run()
