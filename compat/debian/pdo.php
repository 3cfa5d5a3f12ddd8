<?php
// PHP: PDO, and the pgsql extension where it goes beyond PDO.

function check(string $name, callable $body): void
{
    echo "== $name\n";
    try {
        $body();
    } catch (Throwable $e) {
        echo '!! ' . get_class($e) . ' ' . preg_replace('/\s+/', ' ', $e->getMessage()) . "\n";
    }
    flush();
}

function connect(array $options = [], string $more = ''): PDO
{
    $dsn = sprintf('pgsql:host=%s;port=%s;dbname=%s;%s', getenv('PGHOST'), getenv('PGPORT'), getenv('PGDATABASE'), $more);
    return new PDO($dsn, getenv('PGUSER'), getenv('PGPASSWORD'), $options + [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
}

function show(mixed $value): void
{
    echo json_encode($value, JSON_UNESCAPED_UNICODE | JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION), "\n";
}

function fails(callable $body): void
{
    try {
        $body();
        echo "!! nothing failed\n";
    } catch (PDOException $e) {
        show([$e->getCode(), $e->errorInfo[2] ?? $e->getMessage()]);
    }
}

foreach (['disable', 'require', 'verify-full'] as $mode) {
    check("connect sslmode=$mode", fn () => show(connect([], "sslmode=$mode")->query('SELECT current_user')->fetchAll(PDO::FETCH_NUM)));
}
check('connect with wrong password', function () {
    try {
        new PDO(sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('PGHOST'), getenv('PGPORT'), getenv('PGDATABASE')), getenv('PGUSER'), 'wrong');
    } catch (PDOException $e) {
        show([$e->getCode(), str_contains($e->getMessage(), 'password authentication failed')]);
    }
});
check('attributes of the server', function () {
    $db = connect();
    show([$db->getAttribute(PDO::ATTR_DRIVER_NAME), explode(' ', $db->getAttribute(PDO::ATTR_SERVER_VERSION))[0], $db->getAttribute(PDO::ATTR_CONNECTION_STATUS)]);
});

foreach (file(__DIR__ . '/../types.tsv', FILE_IGNORE_NEW_LINES) as $line) {
    [$type, $literal] = explode("\t", $line);
    foreach ([false, true] as $emulated) {
        check(($emulated ? 'emulated' : 'prepared') . " $type $literal", function () use ($type, $literal, $emulated) {
            $statement = connect([PDO::ATTR_EMULATE_PREPARES => $emulated])->prepare("SELECT CAST(:v AS $type) AS v");
            $statement->execute(['v' => $literal]);
            $value = $statement->fetchColumn();
            show(is_resource($value) ? bin2hex(stream_get_contents($value)) : $value);
            $meta = $statement->getColumnMeta(0);
            show([$meta['native_type'] ?? null, $meta['pgsql:oid'], $meta['len'], $meta['precision'], $meta['pdo_type']]);
        });
    }
}

check('bound parameters', function () {
    $statement = connect()->prepare('SELECT ?::int + 1, ?::text, ?::bool, ?::bytea, ?::int');
    $statement->bindValue(1, 41, PDO::PARAM_INT);
    $statement->bindValue(2, "it's é");
    $statement->bindValue(3, true, PDO::PARAM_BOOL);
    $statement->bindValue(4, "\x00\xff", PDO::PARAM_LOB);
    $statement->bindValue(5, null, PDO::PARAM_NULL);
    $statement->execute();
    $row = $statement->fetch(PDO::FETCH_NUM);
    $row[3] = bin2hex(stream_get_contents($row[3]));
    show($row);
});
check('fetch modes', function () {
    $db = connect();
    show($db->query('SELECT 1 AS a, 2 AS b')->fetch(PDO::FETCH_ASSOC));
    show($db->query("SELECT * FROM (VALUES ('x', 1), ('y', 2)) v(k, n)")->fetchAll(PDO::FETCH_KEY_PAIR));
    show($db->query("SELECT 'x' AS a")->fetchObject());
    show($db->query("SELECT * FROM (VALUES ('x', 1), ('x', 2)) v(k, n)")->fetchAll(PDO::FETCH_GROUP | PDO::FETCH_COLUMN));
});
check('transactions', function () {
    $db = connect();
    $db->exec('CREATE TABLE tx (a int PRIMARY KEY)');
    $db->beginTransaction();
    show($db->exec('INSERT INTO tx VALUES (1), (2)'));
    $db->rollBack();
    $db->beginTransaction();
    $db->exec('INSERT INTO tx VALUES (3)');
    show($db->inTransaction());
    $db->commit();
    show($db->query('SELECT * FROM tx')->fetchAll(PDO::FETCH_COLUMN));
});
check('errors', function () {
    $db = connect();
    foreach (['SELEC', 'SELECT * FROM nowhere', 'SELECT 1/0', "SELECT 'x'::int", 'INSERT INTO tx VALUES (3)', 'SELECT nothing(1)'] as $sql) {
        fails(fn () => $db->query($sql));
    }
    fails(fn () => $db->prepare('SELECT ?::int')->execute(['x']));
});
check('last insert id and returning', function () {
    $db = connect();
    $db->exec('CREATE TABLE keyed (id serial PRIMARY KEY, v text)');
    $db->exec("INSERT INTO keyed (v) VALUES ('a')");
    show([$db->lastInsertId(), $db->lastInsertId('keyed_id_seq')]);
    show($db->query("INSERT INTO keyed (v) VALUES ('b'), ('c') RETURNING id")->fetchAll(PDO::FETCH_COLUMN));
});
check('scrollable cursor', function () {
    $statement = connect()->prepare('SELECT generate_series(1, 10)', [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
    $statement->execute();
    show([$statement->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_NEXT), $statement->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_LAST), $statement->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_PRIOR), $statement->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_ABS, 3)]);
});
check('copy by PDO', function () {
    $db = connect();
    $db->exec('CREATE TABLE copied (a int, b text)');
    show($db->pgsqlCopyFromArray('copied', ["1\tone\n", "2\t\\N\n"]));
    show($db->pgsqlCopyToArray('copied'));
    fails(fn () => $db->pgsqlCopyFromArray('copied', ["x\ty\n"]));
});
check('notify by PDO', function () {
    $db = connect();
    $db->exec('LISTEN news');
    $db->exec("NOTIFY news, 'hello'");
    $notify = $db->pgsqlGetNotify(PDO::FETCH_ASSOC, 5000);
    show([$notify['message'], $notify['payload'], $notify['pid'] === $db->pgsqlGetPid()]);
});
check('large objects by PDO', function () {
    $db = connect();
    $db->beginTransaction();
    $oid = $db->pgsqlLOBCreate();
    $stream = $db->pgsqlLOBOpen($oid, 'w');
    fwrite($stream, 'data');
    fclose($stream);
    show(stream_get_contents($db->pgsqlLOBOpen($oid, 'r')));
});
check('quoting', fn () => show([connect()->quote("it's \\ é"), connect()->quote("\x00\xff", PDO::PARAM_LOB)]));

$pg = pg_connect(sprintf("host=%s port=%s dbname=%s user=%s password=%s", getenv('PGHOST'), getenv('PGPORT'), getenv('PGDATABASE'), getenv('PGUSER'), getenv('PGPASSWORD')));
check('pgsql: metadata of a table', function () use ($pg) {
    pg_query($pg, 'CREATE TABLE described (id serial PRIMARY KEY, name varchar(40) NOT NULL, tags text[], n numeric(5,2) DEFAULT 1)');
    show(pg_meta_data($pg, 'described', true));
});
check('pgsql: insert, select, update, delete by array', function () use ($pg) {
    show(pg_insert($pg, 'described', ['name' => 'Ada', 'n' => 2]) !== false);
    show(pg_update($pg, 'described', ['n' => 3], ['name' => 'Ada']));
    show(pg_select($pg, 'described', ['name' => 'Ada']));
    show(pg_delete($pg, 'described', ['name' => 'Ada']));
});
check('pgsql: asynchronous query and cancel', function () use ($pg) {
    pg_send_query($pg, 'SELECT pg_sleep(10)');
    show(pg_cancel_query($pg));
    show(pg_fetch_all(pg_query($pg, 'SELECT 1 AS one')));
});
check('pgsql: fields and errors of a result', function () use ($pg) {
    $result = pg_query($pg, 'SELECT id, name, n FROM described');
    for ($i = 0; $i < pg_num_fields($result); $i++) {
        show([pg_field_name($result, $i), pg_field_type($result, $i), pg_field_size($result, $i), pg_field_table($result, $i)]);
    }
    pg_send_query($pg, 'SELECT 1/0');
    show(pg_result_error_field(pg_get_result($pg), PGSQL_DIAG_SQLSTATE));
});
check('pgsql: parameters of the server', fn () => show([pg_parameter_status($pg, 'server_encoding'), pg_client_encoding($pg), pg_transaction_status($pg)]));
