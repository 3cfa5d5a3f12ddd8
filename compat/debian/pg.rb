# Ruby's pg: both formats, type maps, COPY, pipelines, single rows, cancel, notifications.

require 'pg'

# Checks by name: what a block prints is its result, an exception its failure.
def check(name)
  puts "== #{name}"
  begin
    yield
  rescue PG::Error, RuntimeError, NoMethodError, ArgumentError => e
    puts "!! #{e.class} #{e.message.gsub(/\s+/, ' ')}"
  end
  $stdout.flush
end

def connected(**options)
  connection = PG.connect(**options)
  connection.set_notice_processor { |text| puts text }
  yield connection
ensure
  connection&.close
end

def fails
  yield
  puts '!! nothing failed'
rescue PG::Error => e
  fields = [PG::Result::PG_DIAG_SEVERITY, PG::Result::PG_DIAG_SQLSTATE, PG::Result::PG_DIAG_MESSAGE_PRIMARY, PG::Result::PG_DIAG_MESSAGE_DETAIL,
            PG::Result::PG_DIAG_STATEMENT_POSITION, PG::Result::PG_DIAG_TABLE_NAME, PG::Result::PG_DIAG_CONSTRAINT_NAME]
  p e.class, fields.map { |f| e.result&.error_field(f) }
end

%w[disable require verify-full].each do |mode|
  check("connect sslmode=#{mode}") { connected(sslmode: mode) { |c| p c.exec('SELECT current_user').values, c.ssl_in_use? } }
end
check('connect with wrong password') { fails { connected(password: 'wrong') {} } }

File.readlines(File.join(__dir__, '..', 'types.tsv'), chomp: true).each do |line|
  type, literal = line.split("\t")
  [0, 1].each do |format|
    check("#{format.zero? ? 'text' : 'binary'} #{type} #{literal}") do
      connected do |c|
        result = c.exec_params("SELECT $1::#{type} AS v", [literal], format)
        p result.getvalue(0, 0), result.ftype(0), result.fmod(0), result.fsize(0), result.fformat(0)
        if format == 1
          back = c.exec_params("SELECT ($1::#{type})::text", [{ value: result.getvalue(0, 0), format: 1, type: result.ftype(0) }])
          p back.getvalue(0, 0)
        end
      end
    end
  end
end

check('type map for results') do
  connected do |c|
    c.type_map_for_results = PG::BasicTypeMapForResults.new(c)
    p c.exec("SELECT 1::int4, 2.5::float8, true, 'x'::text, ARRAY[1, 2], date '2024-02-29', timestamp '2024-02-29 12:00', 1.50::numeric, '{\"a\": 1}'::jsonb").values
  end
end
check('type map for queries') do
  connected do |c|
    c.type_map_for_queries = PG::BasicTypeMapForQueries.new(c)
    p c.exec_params('SELECT $1 + 1, $2::text, $3::int[], $4::bool', [41, 'x', [1, 2], true]).values
  end
end
check('prepared statements') do
  connected do |c|
    c.prepare('twice', 'SELECT $1::int * 2 AS v')
    p c.exec_prepared('twice', [21]).to_a
    described = c.describe_prepared('twice')
    p described.nparams, described.paramtype(0), described.ftype(0), described.fname(0)
    fails { c.prepare('twice', 'SELECT 1') }
  end
end
check('transactions') do
  connected do |c|
    c.exec('CREATE TABLE tx (a int PRIMARY KEY)')
    begin
      c.transaction { |t| t.exec('INSERT INTO tx VALUES (1), (1)') }
    rescue PG::UniqueViolation => e
      puts e.class
    end
    c.transaction { |t| t.exec('INSERT INTO tx VALUES (1)') }
    p c.exec('SELECT * FROM tx').values, c.transaction_status
  end
end
check('errors by class') do
  connected do |c|
    ['SELEC', 'SELECT * FROM nowhere', 'SELECT 1/0', "SELECT 'x'::int", 'INSERT INTO tx VALUES (1)', 'SELECT nothing(1)'].each { |sql| fails { c.exec(sql) } }
  end
end
check('copy in, out, and failing') do
  connected do |c|
    c.exec('CREATE TABLE copied (a int, b text)')
    encoder = PG::TextEncoder::CopyRow.new
    c.copy_data('COPY copied FROM STDIN', encoder) { 3.times { |n| c.put_copy_data([n, "tab\t#{n}"]) } }
    c.copy_data('COPY copied TO STDOUT', PG::TextDecoder::CopyRow.new) { while (row = c.get_copy_data) do p row end }
    fails { c.copy_data('COPY copied FROM STDIN') { c.put_copy_data("x\ty\n") } }
    begin
      c.copy_data('COPY copied FROM STDIN') { raise 'given up' }
    rescue RuntimeError => e
      puts e.message
    end
    p c.exec('SELECT count(*) FROM copied').values
  end
end
check('single row mode') do
  connected do |c|
    c.send_query('SELECT generate_series(1, 1000)')
    c.set_single_row_mode
    sum = 0
    c.get_result.stream_each { |row| sum += row['generate_series'].to_i }
    p sum
  end
end
check('pipeline') do
  connected do |c|
    c.enter_pipeline_mode
    3.times { |n| c.send_query_params('SELECT $1::int', [n]) }
    c.send_query_params('SELECT 1/0', [])
    c.send_query_params('SELECT 9', [])
    c.pipeline_sync
    5.times do
      result = c.get_result
      p result.result_status
      c.get_result
    end
    p c.get_result.result_status
    c.exit_pipeline_mode
    p c.exec('SELECT 1').values
  end
end
check('cancel') do
  connected do |c|
    c.send_query('SELECT pg_sleep(10)')
    p c.cancel
    fails { c.get_last_result }
  end
end
check('notifications and notices') do
  connected do |c|
    c.exec('LISTEN news')
    c.exec("NOTIFY news, 'hello'")
    c.wait_for_notify(5) { |channel, pid, payload| p channel, pid == c.backend_pid, payload }
    c.exec('DROP TABLE IF EXISTS never_was')
  end
end
check('several statements in one') { connected { |c| p c.exec('SELECT 1; SELECT 2').values } }
check('columns of a table') do
  connected do |c|
    c.exec('CREATE TABLE described (a int, b varchar(7), c numeric(5,2))')
    result = c.exec('SELECT a, b, c, a + 1 AS d FROM described')
    p result.fields, result.nfields.times.map { |i| [result.ftype(i), result.fmod(i), result.ftable(i).positive?, result.ftablecol(i)] }
  end
end
check('large objects') do
  connected do |c|
    c.transaction do
      oid = c.lo_creat
      object = c.lo_open(oid, PG::INV_READ | PG::INV_WRITE)
      c.lo_write(object, 'data')
      c.lo_lseek(object, 0, PG::SEEK_SET)
      p c.lo_read(object, 10)
    end
  end
end
