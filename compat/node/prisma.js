// Prisma 7 as far as its packages go: the generated client over its adapter for pg. Its migrate and db
// commands need an engine that npm does not carry, so the tables are made by hand.

const { execFileSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { Pool } = require('pg')
const { check, fails, run, show } = require('./checks')

const SCHEMA = `
generator client {
  provider = "prisma-client-js"
  output = "./client"
}
datasource db {
  provider = "postgresql"
}
model Customer {
  id Int @id @default(autoincrement())
  name String @unique @db.VarChar(40)
  balance Decimal @default(0) @db.Decimal(10, 2)
  data Json?
  tags String[]
  born DateTime? @db.Date
  key String? @db.Uuid
  raw Bytes?
  big BigInt?
  active Boolean @default(true)
  orders Order[]
}
model Order {
  id Int @id @default(autoincrement())
  number Int
  total Float @default(0)
  customer Customer @relation(fields: [customerId], references: [id], onDelete: Cascade)
  customerId Int
  @@unique([customerId, number])
}
`
const TABLES = `
CREATE TABLE "Customer" (id serial PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, balance decimal(10,2) NOT NULL DEFAULT 0, data jsonb, tags text[], born date, key uuid, raw bytea, big bigint, active boolean NOT NULL DEFAULT true);
CREATE TABLE "Order" (id serial PRIMARY KEY, number int NOT NULL, total double precision NOT NULL DEFAULT 0, "customerId" int NOT NULL REFERENCES "Customer" ON DELETE CASCADE ON UPDATE CASCADE, UNIQUE ("customerId", number));
`
const modules = process.env.NODE_PATH
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'prisma-'))
fs.symlinkSync(modules, path.join(directory, 'node_modules'))
fs.writeFileSync(path.join(directory, 'schema.prisma'), SCHEMA)
// It would download the engine at once, which generate does not use: any program will do in its place.
const settings = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' }
const generate = [path.join(modules, 'prisma', 'build', 'index.js'), 'generate', '--schema', 'schema.prisma']
execFileSync(process.execPath, generate, { cwd: directory, env: settings, stdio: ['ignore', 'ignore', 'inherit'] })

const { PrismaClient, Prisma } = require(path.join(directory, 'client'))
const { PrismaPg } = require('@prisma/adapter-pg')
const env = process.env
const url = `postgresql://${env.PGUSER}:${env.PGPASSWORD}@${env.PGHOST}:${env.PGPORT}/${env.PGDATABASE}`
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })

check('set up', async () => {
  const pool = new Pool()
  await pool.query(TABLES)
  await pool.end()
})
check('create with relations', async () => {
  show(
    await prisma.customer.create({
      data: {
        name: 'Ada',
        balance: '1.50',
        data: { a: [1] },
        tags: ['x', 'y'],
        born: new Date('1815-12-10'),
        key: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
        raw: Buffer.from([0, 255]),
        big: 9007199254740993n,
        orders: { create: [{ number: 1, total: 1.5 }, { number: 2 }] },
      },
      include: { orders: true },
    }),
  )
  show(await prisma.customer.createMany({ data: [{ name: 'Grace' }, { name: 'Ada' }], skipDuplicates: true }))
  show(await prisma.order.createManyAndReturn({ data: [{ number: 9, customerId: 1 }] }))
})
const QUERIES = {
  'find with filters': () =>
    prisma.customer.findMany({
      where: {
        OR: [{ name: { contains: 'a', mode: 'insensitive' } }, { tags: { has: 'x' } }],
        orders: { some: { number: { gt: 1 } } },
      },
      select: { name: true, orders: { select: { number: true }, orderBy: { number: 'asc' } } },
    }),
  'find in JSON': () =>
    prisma.customer.findMany({ where: { data: { path: ['a'], array_contains: [1] } }, select: { name: true } }),
  aggregate: () => prisma.order.aggregate({ _sum: { total: true }, _avg: { number: true }, _count: true }),
  groupBy: () =>
    prisma.order.groupBy({ by: ['customerId'], _max: { number: true }, having: { number: { _count: { gt: 1 } } } }),
  'page by cursor': () => prisma.order.findMany({ cursor: { id: 1 }, skip: 1, take: 1, orderBy: { id: 'asc' } }),
  upsert: () =>
    prisma.customer.upsert({
      where: { name: 'Grace' },
      create: { name: 'Grace' },
      update: { balance: { increment: 2 } },
      select: { balance: true },
    }),
  updateMany: () => prisma.order.updateMany({ where: { number: { in: [1, 2] } }, data: { total: { multiply: 2 } } }),
  'nested update': () =>
    prisma.customer.update({
      where: { name: 'Ada' },
      data: {
        orders: {
          delete: { customerId_number: { customerId: 1, number: 9 } },
          update: { where: { id: 1 }, data: { total: 5 } },
        },
      },
      select: { orders: { select: { total: true }, orderBy: { id: 'asc' } } },
    }),
  'raw query': () => prisma.$queryRaw`SELECT id, name, balance, tags FROM "Customer" WHERE id = ${1}`,
  'raw execute': () => prisma.$executeRaw`UPDATE "Order" SET total = total + ${1} WHERE number = ${2}`,
  'raw join of values': () =>
    prisma.$queryRaw`SELECT name FROM "Customer" WHERE id IN (${Prisma.join([1, 2])}) ORDER BY id`,
  'delete with cascade': () => prisma.customer.delete({ where: { name: 'Grace' }, select: { name: true } }),
}
for (const [name, query] of Object.entries(QUERIES))
  check(`query: ${name}`, async () =>
    show(JSON.parse(JSON.stringify(await query(), (_, v) => (typeof v === 'bigint' ? String(v) : v)))),
  )

check('transactions', async () => {
  show(await prisma.$transaction([prisma.customer.count(), prisma.order.count()]))
  await prisma
    .$transaction(
      async (tx) => {
        await tx.customer.create({ data: { name: 'lost' } })
        throw new Error('undone')
      },
      { isolationLevel: 'Serializable' },
    )
    .catch((e) => show(e.message))
  show(await prisma.customer.count())
})
check('errors', async () => {
  await prisma.customer.create({ data: { name: 'Ada' } }).catch((e) => show(e.code))
  await prisma.order.create({ data: { number: 1, customerId: 999 } }).catch((e) => show(e.code))
  await prisma.customer.delete({ where: { id: 999 } }).catch((e) => show(e.code))
  await fails(() => prisma.$queryRaw`SELECT * FROM nowhere`)
})

run()
