# ActiveRecord: migrations up and down, models, associations, introspection, the schema dumper.

require 'active_record'
require 'stringio'

def check(name)
  puts "== #{name}"
  begin
    yield
  rescue StandardError, NotImplementedError => e
    puts "!! #{e.class} #{e.message.gsub(/\s+/, ' ')}"
  end
  $stdout.flush
end

def show(relation)
  relation.each { |row| p row }
end

ActiveRecord::Base.establish_connection(adapter: 'postgresql', database: ENV['PGDATABASE'])
ActiveRecord::Migration.verbose = false
DB = ActiveRecord::Base.connection

class CreateShop < ActiveRecord::Migration[6.1]
  def change
    create_table :customers, comment: 'who buys' do |t|
      t.string :name, null: false, limit: 40, comment: 'full name', index: { unique: true }
      t.decimal :balance, precision: 10, scale: 2, default: 0
      t.jsonb :data, default: {}
      t.text :tags, array: true
      t.date :born
      t.uuid :key, default: -> { 'gen_random_uuid()' }
      t.boolean :active, default: true
      t.binary :raw
      t.bigint :big
      t.float :score
      t.time :hour
      t.interval :waited
      t.timestamps precision: 6, default: -> { 'now()' }
      t.check_constraint 'balance >= -100', name: 'balance_low'
      t.index 'lower(name)', name: 'lower_name'
      t.index %i[born name], order: { born: :desc }, where: 'active', name: 'born_of_active'
    end
    create_table :orders do |t|
      t.references :customer, null: false, foreign_key: { on_delete: :cascade }
      t.integer :number
      t.float :total, default: 0
      t.integer :lock_version, default: 0
    end
    create_table :labels, id: :uuid do |t|
      t.string :text
    end
    create_join_table :orders, :labels, column_options: { type: :bigint } do |t|
      t.index %i[order_id label_id]
    end
  end
end

class AlterShop < ActiveRecord::Migration[6.1]
  def change
    add_column :orders, :note, :string, default: 'none'
    rename_column :orders, :note, :remark
    add_index :orders, %i[customer_id number], unique: true
    change_column_default :orders, :total, from: 0, to: 1
    change_column_null :orders, :number, false, 0
    rename_table :labels, :tags
    change_table_comment :orders, from: nil, to: 'what is bought'
  end
end

class Customer < ActiveRecord::Base
  has_many :orders, dependent: :destroy
end

class Order < ActiveRecord::Base
  belongs_to :customer
end

check('migrate up') { CreateShop.migrate(:up) }
check('tables and columns') do
  p DB.tables.sort, DB.data_source_exists?('customers'), DB.primary_key('customers')
  %w[customers orders].each { |t| DB.columns(t).each { |c| p [c.name, c.sql_type, c.type, c.limit, c.precision, c.scale, c.default, c.default_function, c.null, c.comment, c.array?] } }
end
check('indexes') { DB.indexes('customers').sort_by(&:name).each { |i| p [i.name, i.unique, i.columns, i.orders, i.where, i.using] } }
check('foreign keys and checks') do
  DB.foreign_keys('orders').each { |f| p [f.from_table, f.to_table, f.column, f.primary_key, f.on_delete, f.on_update] }
  DB.check_constraints('customers').each { |c| p [c.name, c.expression] }
  p DB.table_comment('customers')
end
check('create and read') do
  ada = Customer.create!(name: 'Ada', balance: 1.5, data: { a: [1] }, tags: %w[x y], born: '1815-12-10', raw: "\x00\xFF", big: 2**60, hour: '12:30', waited: 1.day + 2.hours)
  ada.orders.create!([{ number: 1, total: 1.5 }, { number: 2 }])
  p ada.reload.attributes.except('key', 'created_at', 'updated_at')
end
check('insert_all and upsert_all') do
  p Customer.insert_all([{ name: 'Grace' }, { name: 'Ada' }], returning: %w[id name]).rows
  p Customer.upsert_all([{ name: 'Grace', balance: 7 }], unique_by: :name).length
  p Customer.order(:name).pluck(:name, :balance)
end
check('queries') do
  show Customer.where('name ILIKE ?', '%a%').where(active: true).order(:name).pluck(:name)
  show Customer.joins(:orders).group(:name).order(:name).pluck(:name, Arel.star.count, Order.arel_table[:total].sum)
  show Customer.includes(:orders).order(:name).map { |c| [c.name, c.orders.map(&:number).sort] }
  show Customer.where("data @> ?", { a: [1] }.to_json).pluck(:name)
  show Customer.where('? = ANY (tags)', 'x').pluck(:name)
  show Customer.left_outer_joins(:orders).where(orders: { id: nil }).pluck(:name)
  p Order.sum(:total), Order.average(:number), Order.maximum(:number), Customer.exists?(name: 'Ada')
  p Customer.find_each(batch_size: 1).map(&:name).sort, Order.in_batches(of: 1).count
end
check('update, increment, delete') do
  p Order.where(number: 2).update_all('total = total + 1'), Customer.find_by(name: 'Ada').increment!(:balance).balance
  p Customer.where(name: 'Grace').destroy_all.length, Order.where(number: 1).delete_all
end
check('optimistic lock') do
  a, b = Order.first, Order.first
  a.update!(total: 5)
  begin
    b.update!(total: 6)
  rescue ActiveRecord::StaleObjectError => e
    puts e.class
  end
end
check('transactions and errors') do
  Customer.transaction do
    Customer.create!(name: 'kept')
    Customer.transaction(requires_new: true) do
      Customer.create!(name: 'lost')
      raise ActiveRecord::Rollback
    end
  end
  p Customer.order(:name).pluck(:name)
  [-> { Customer.create!(name: 'Ada') }, -> { Customer.create!(name: 'poor', balance: -1000) }, -> { Order.insert_all!([{ customer_id: 999 }]) }, -> { DB.execute('SELECT * FROM nowhere') }, -> { Customer.create!(name: 'x' * 50) }].each do |body|
    body.call
    puts '!! nothing failed'
  rescue ActiveRecord::ActiveRecordError => e
    p e.class, e.cause.class
  end
  p Customer.transaction(isolation: :serializable) { Customer.lock('FOR UPDATE SKIP LOCKED').to_a.length }
end
check('explain and prepared statements') do
  p Customer.where(name: 'Ada').explain.include?('EXPLAIN')
  5.times { |n| Customer.find_by(id: n) }
  p DB.select_value("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'a%'").positive?
end
check('advisory lock of migrations') { p DB.get_advisory_lock(4711), DB.release_advisory_lock(4711) }
check('alter') do
  AlterShop.migrate(:up)
  p DB.columns('orders').map { |c| [c.name, c.sql_type, c.default, c.null] }, DB.tables.sort
end
check('dump of the schema') do
  out = StringIO.new
  ActiveRecord::SchemaDumper.dump(DB, out)
  puts out.string
end
check('migrate down') do
  AlterShop.migrate(:down)
  p DB.columns('orders').map(&:name)
  CreateShop.migrate(:down)
  p DB.tables
end
