// Sequelize 6: models, associations, queries, introspection by its query interface.

const { DataTypes, Op, Sequelize } = require('sequelize')
const { check, fails, run, show } = require('./checks')

const env = process.env
const sequelize = new Sequelize(env.PGDATABASE, env.PGUSER, env.PGPASSWORD, {
  host: env.PGHOST,
  port: env.PGPORT,
  dialect: 'postgres',
  logging: false,
  pool: { max: 1 },
})
const queries = sequelize.getQueryInterface()

const Customer = sequelize.define(
  'customer',
  {
    name: { type: DataTypes.STRING(40), allowNull: false, unique: true },
    balance: { type: DataTypes.DECIMAL(10, 2), defaultValue: 0 },
    data: DataTypes.JSONB,
    tags: DataTypes.ARRAY(DataTypes.TEXT),
    key: { type: DataTypes.UUID, defaultValue: '00000000-0000-0000-0000-000000000007' },
    born: DataTypes.DATEONLY,
    raw: DataTypes.BLOB,
    big: DataTypes.BIGINT,
    score: DataTypes.DOUBLE,
    active: { type: DataTypes.BOOLEAN, defaultValue: true, comment: 'not gone' },
  },
  {
    paranoid: true,
    indexes: [
      { fields: ['born', { name: 'name', order: 'DESC' }] },
      { fields: [sequelize.fn('lower', sequelize.col('name'))], name: 'lower_name' },
    ],
  },
)
const Order = sequelize.define(
  'order',
  { number: DataTypes.INTEGER, total: DataTypes.FLOAT },
  { version: true, timestamps: false },
)
const Tag = sequelize.define('tag', { label: DataTypes.STRING }, { timestamps: false })
Customer.hasMany(Order, { onDelete: 'CASCADE' })
Order.belongsTo(Customer)
Order.belongsToMany(Tag, { through: 'order_tags', timestamps: false })
Tag.belongsToMany(Order, { through: 'order_tags', timestamps: false })

const plain = (rows) => JSON.parse(JSON.stringify(rows), (key, value) => (/At$/.test(key) ? undefined : value))

check('authenticate', () => sequelize.authenticate())
check('database version', async () => show(/^15\./.test(await sequelize.databaseVersion())))
check('sync', () => sequelize.sync())
check('sync again', () => sequelize.sync())
check('sync, altering', async () => {
  await sequelize.sync({ alter: true })
  show(Object.keys(await queries.describeTable('customers')))
})
check('create with associations', async () => {
  const ada = await Customer.create(
    {
      name: 'Ada',
      data: { a: [1] },
      tags: ['x', 'y'],
      born: '1815-12-10',
      raw: Buffer.from([0, 255]),
      big: '9007199254740993',
      orders: [
        { number: 1, total: 1.5 },
        { number: 2, total: 2.5 },
      ],
    },
    { include: Order },
  )
  show(plain(ada))
  const order = await Order.findOne({ where: { number: 1 } })
  await order.addTags(await Tag.bulkCreate([{ label: 'new' }, { label: 'big' }], { returning: true }))
  show(await order.countTags())
})
check('bulkCreate and upsert', async () => {
  show(
    plain(
      await Customer.bulkCreate([{ name: 'Ada', balance: 7 }, { name: 'Grace' }], {
        updateOnDuplicate: ['balance'],
        returning: ['id', 'name', 'balance'],
      }),
    ).map((c) => [c.name, c.balance]),
  )
  const [row, created] = await Customer.upsert({ name: 'Grace', balance: 3 })
  show(row.balance, created)
})
const QUERIES = {
  include: () =>
    Customer.findAll({
      include: { model: Order, include: Tag },
      order: [
        ['name', 'ASC'],
        [Order, 'number', 'ASC'],
        [Order, Tag, 'label', 'ASC'],
      ],
    }),
  'include in separate queries, limited': () =>
    Customer.findAll({ include: { model: Order, separate: true, order: ['number'] }, limit: 1, order: ['name'] }),
  operators: () =>
    Customer.findAll({
      attributes: ['name'],
      where: {
        [Op.or]: [{ name: { [Op.iLike]: 'a%' } }, { balance: { [Op.between]: [1, 5] } }],
        tags: { [Op.or]: [{ [Op.contains]: ['x'] }, null] },
      },
      order: ['name'],
    }),
  'json paths': () => Customer.findAll({ attributes: ['name'], where: { 'data.a[0]': 1 } }),
  aggregates: () =>
    Order.findAll({
      attributes: ['customerId', [sequelize.fn('sum', sequelize.col('total')), 'sum']],
      group: ['customerId'],
      raw: true,
    }),
  findAndCountAll: () => Order.findAndCountAll({ where: { total: { [Op.gt]: 1 } }, limit: 1, order: ['id'] }),
  'literal and cast': () =>
    Customer.findAll({
      attributes: [
        'name',
        [sequelize.literal('"balance" * 2'), 'twice'],
        [sequelize.cast(sequelize.col('balance'), 'text'), 'text'],
      ],
      order: ['name'],
    }),
  increment: () => Order.increment({ total: 1 }, { where: { number: 2 } }),
  'raw with replacements and bind': async () => [
    await sequelize.query('SELECT :a::int AS a, :b AS b', { replacements: { a: 1, b: "it's" }, type: 'SELECT' }),
    await sequelize.query('SELECT $a::int AS a', { bind: { a: 2 }, type: 'SELECT' }),
  ],
}
for (const [name, query] of Object.entries(QUERIES)) check(`query: ${name}`, async () => show(plain(await query())))

check('update, paranoid delete, restore', async () => {
  show(await Customer.update({ balance: 1 }, { where: { name: 'Ada' } }))
  const grace = await Customer.findOne({ where: { name: 'Grace' } })
  await grace.destroy()
  show(await Customer.count(), await Customer.count({ paranoid: false }))
  await grace.restore()
  show(await Customer.count())
})
check('optimistic lock', async () => {
  const [a, b] = [await Order.findOne({ order: ['id'] }), await Order.findOne({ order: ['id'] })]
  await a.update({ total: 9 })
  await fails(() => b.update({ total: 8 }))
})
check('errors', async () => {
  await Customer.create({ name: 'Ada' }).catch((e) => show(e.name, e.fields, e.parent.code))
  await Order.create({ customerId: 999 }).catch((e) => show(e.name, e.table, e.fields, e.parent.code))
  await Customer.create({}).catch((e) => show(e.name))
  await sequelize.query('SELECT * FROM nowhere').catch((e) => show(e.name, e.parent.code))
})
check('transactions', async () => {
  await sequelize.transaction(
    { isolationLevel: Sequelize.Transaction.ISOLATION_LEVELS.SERIALIZABLE },
    async (transaction) => {
      await Tag.create({ label: 'kept' }, { transaction })
      await sequelize
        .transaction({ transaction }, async (inner) => {
          await Tag.create({ label: 'lost' }, { transaction: inner })
          throw new Error('undone')
        })
        .catch((e) => show(e.message))
      show((await Tag.findAll({ transaction, lock: transaction.LOCK.UPDATE, skipLocked: true })).length)
    },
  )
  show(await Tag.count())
})
check('query interface: tables and columns', async () => {
  show((await queries.showAllTables()).sort(), await queries.showAllSchemas())
  show(await queries.describeTable('customers'))
})
check('query interface: indexes and keys', async () => {
  show(
    (await queries.showIndex('customers'))
      .map(({ name, unique, primary, fields }) => [name, unique, primary, fields])
      .sort(),
  )
  show(
    (await queries.getForeignKeyReferencesForTable('orders')).map(
      ({ constraintName, columnName, referencedTableName }) => [constraintName, columnName, referencedTableName],
    ),
  )
  show(
    (await queries.showConstraint('orders'))
      .filter((c) => !/not_null$/.test(c.constraintName))
      .map((c) => [c.constraintName, c.constraintType])
      .sort(),
  )
})
check('query interface: alter', async () => {
  await queries.addColumn('tags', 'extra', { type: DataTypes.INTEGER, defaultValue: 5, allowNull: false })
  await queries.changeColumn('tags', 'extra', { type: DataTypes.BIGINT, allowNull: true })
  await queries.renameColumn('tags', 'extra', 'more')
  await queries.addIndex('tags', ['label'], { where: { more: 5 }, unique: true, name: 'label_of_five' })
  await queries.addConstraint('tags', {
    fields: ['more'],
    type: 'check',
    where: { more: { [Op.gt]: 0 } },
    name: 'more_positive',
  })
  show(await queries.describeTable('tags'))
  await queries.removeConstraint('tags', 'more_positive')
  await queries.removeIndex('tags', 'label_of_five')
  await queries.removeColumn('tags', 'more')
  await queries.renameTable('tags', 'labels')
  show((await queries.showAllTables()).sort())
  await queries.renameTable('labels', 'tags')
})
check('enum', async () => {
  const Mood = sequelize.define('mood', { value: DataTypes.ENUM('sad', 'happy') }, { timestamps: false })
  await Mood.sync()
  show(plain(await Mood.create({ value: 'sad' })))
  await fails(() => Mood.create({ value: 'angry' }))
})
check('range', async () => {
  const Booking = sequelize.define('booking', { days: DataTypes.RANGE(DataTypes.DATEONLY) }, { timestamps: false })
  await Booking.sync()
  await Booking.create({ days: ['2024-01-01', '2024-01-05'] })
  show(plain(await Booking.findAll({ where: { days: { [Op.contains]: '2024-01-02' } } })))
})
check('network addresses', async () => {
  const Host = sequelize.define(
    'host',
    { ip: DataTypes.INET, net: DataTypes.CIDR, mac: DataTypes.MACADDR },
    { timestamps: false },
  )
  await Host.sync()
  show(plain(await Host.create({ ip: '10.0.0.1', net: '10.0.0.0/8', mac: '08:00:2b:01:02:03' })))
})
check('drop', async () => {
  await sequelize.drop({ cascade: true })
  show(await queries.showAllTables())
})

run()
