-- pg_catalog and information_schema: what they show of tables, keys, views and grants; functions about objects and access lists

CREATE TABLE parent (id int PRIMARY KEY, code varchar(10) NOT NULL UNIQUE, CHECK (id > 0));
CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE, amount numeric(10, 2) DEFAULT 1.5, at timestamptz(3), note text COLLATE "C", tags text[], span interval day to second);
CREATE VIEW shown AS SELECT c.id, p.code, c.amount FROM child c JOIN parent p ON p.id = c.parent;
CREATE INDEX child_note ON child (note DESC, id) WHERE note IS NOT NULL;
COMMENT ON COLUMN child.note IS 'what was said';
SELECT column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale, datetime_precision, interval_type, collation_name, udt_name, is_identity, identity_generation FROM information_schema.columns WHERE table_name = 'child' AND table_schema = current_schema() ORDER BY 2;
SELECT table_name, constraint_name, constraint_type FROM information_schema.table_constraints WHERE table_schema = current_schema() AND constraint_name NOT LIKE '%not_null' ORDER BY 1, 2;
SELECT constraint_name, table_name, column_name, ordinal_position, position_in_unique_constraint FROM information_schema.key_column_usage WHERE table_schema = current_schema() ORDER BY 1, 4;
SELECT constraint_name, table_name, column_name FROM information_schema.constraint_column_usage WHERE table_schema = current_schema() ORDER BY 1, 3;
SELECT constraint_name, table_name FROM information_schema.constraint_table_usage WHERE table_schema = current_schema() ORDER BY 1;
SELECT constraint_name, unique_constraint_name, match_option, update_rule, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema = current_schema();
SELECT constraint_name, check_clause FROM information_schema.check_constraints WHERE constraint_schema = current_schema() AND constraint_name NOT LIKE '%not_null';
SELECT table_name, is_updatable, is_insertable_into FROM information_schema.views WHERE table_schema = current_schema();
SELECT table_name, table_type, is_insertable_into FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1;
SELECT object_name, object_type, data_type, dtd_identifier, collection_type_identifier FROM information_schema.element_types WHERE object_schema = current_schema();
SELECT grantee, table_name, privilege_type, is_grantable FROM information_schema.table_privileges WHERE table_schema = current_schema() ORDER BY 2, 3;
SELECT grantee, table_name, column_name, privilege_type FROM information_schema.column_privileges WHERE table_schema = current_schema() AND table_name = 'parent' ORDER BY 3, 4;
SELECT sequence_name, data_type, start_value, increment FROM information_schema.sequences WHERE sequence_schema = current_schema();
SELECT tablename, indexname, indexdef = pg_get_indexdef(indexname::regclass) FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 2;
SELECT tablename, hasindexes, hastriggers FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1;
SELECT sequencename, data_type, start_value, last_value FROM pg_sequences WHERE schemaname = current_schema();
SELECT viewname, length(definition) > 50 FROM pg_views WHERE schemaname = current_schema();
SELECT relname, seq_tup_read >= 0, n_tup_del FROM pg_stat_user_tables WHERE schemaname = current_schema() ORDER BY 1;
SELECT indexrelname, relname FROM pg_stat_user_indexes WHERE schemaname = current_schema() ORDER BY 1;
SELECT relname FROM pg_statio_user_tables WHERE schemaname = current_schema() ORDER BY 1;
SELECT definition FROM pg_views WHERE viewname = 'pg_tables';
SELECT pg_get_viewdef('pg_catalog.pg_user'::regclass);
SELECT view_definition FROM information_schema.views WHERE table_name = 'sequences' AND table_schema = 'information_schema';

-- Objects by their addresses.
SELECT pg_describe_object('pg_class'::regclass, 'child'::regclass, 0) LIKE 'table %child', pg_describe_object('pg_class'::regclass, 'child'::regclass, 5) LIKE 'column note of table %child';
SELECT pg_describe_object('pg_class'::regclass, 0, 0), pg_describe_object('pg_namespace'::regclass, 'pg_catalog'::regnamespace, 0);
SELECT pg_describe_object('pg_type'::regclass, 'int4'::regtype, 0), pg_describe_object('pg_proc'::regclass, 'abs(int)'::regprocedure, 0);
SELECT type, name, identity FROM pg_identify_object('pg_type'::regclass, 'timestamptz'::regtype, 0);
SELECT * FROM pg_identify_object('pg_proc'::regclass, 'lpad(text,int)'::regprocedure, 0);
SELECT type, name FROM pg_identify_object('pg_class'::regclass, 'child_note'::regclass, 0);
SELECT type, name FROM pg_identify_object('pg_class'::regclass, 'shown'::regclass, 2);
SELECT type FROM pg_identify_object('pg_class'::regclass, 0, 0);
SELECT pg_relation_filepath('parent'::regclass) LIKE 'base/%', pg_relation_filepath('shown'::regclass), pg_filenode_relation(0, pg_relation_filenode('parent'))::text LIKE '%parent';

-- Access lists.
SELECT grantor::regrole, grantee::regrole, privilege_type, is_grantable FROM aclexplode('{postgres=arwdDxt/postgres,=r*/postgres}'::aclitem[]);
SELECT * FROM aclexplode(NULL);
SELECT makeaclitem(10, 10, 'SELECT, INSERT', true), makeaclitem(0, 10, 'usage', false);
SELECT makeaclitem(10, 10, 'FLY', false);
SELECT privilege_type FROM aclexplode(acldefault('d', 10)) ORDER BY 1;
SELECT relname, privilege_type FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) WHERE relname = 'parent' AND relnamespace = current_schema()::regnamespace ORDER BY 2;

-- Positions in the log.
SELECT '0/16B3748'::pg_lsn, 'FFFFFFFF/1'::pg_lsn > '1/FFFFFFFF'::pg_lsn, '2/0'::pg_lsn - '1/FFFFFFFF'::pg_lsn;
SELECT '0/10'::pg_lsn + 16, '0/10'::pg_lsn - 16, max(v), min(v) FROM (VALUES ('0/1'::pg_lsn), ('A/0')) AS x(v);
SELECT 'x/1'::pg_lsn;
SELECT '0/0'::pg_lsn - 1;
SELECT pg_wal_lsn_diff('0/20', '0/10'), pg_typeof(pg_current_wal_lsn());
SELECT pg_is_wal_replay_paused();

-- Rows found by key.
SELECT attname FROM pg_attribute WHERE attrelid = 'parent'::regclass AND attnum > 0 ORDER BY attnum;
SELECT relname FROM pg_class WHERE oid IN ('parent'::regclass, 'child'::regclass, 'pg_class'::regclass, 0) ORDER BY 1;
SELECT relname FROM pg_class WHERE oid = ANY (ARRAY['parent'::regclass, NULL]::oid[]);
SELECT relname FROM pg_class WHERE oid = NULL;
SELECT typname, typrelid::regclass::text FROM pg_type WHERE typname IN ('parent', '_parent') AND typnamespace = current_schema()::regnamespace ORDER BY 1;
SELECT proname, pronargs FROM pg_proc WHERE proname = 'abs' ORDER BY oid;
SELECT c.relname, a.attname, t.typname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum = 1 ORDER BY 1;
SELECT c.relname, (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0), (SELECT conname FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p') FROM pg_class c WHERE relnamespace = current_schema()::regnamespace ORDER BY 1;
SELECT conname, confrelid::regclass::text LIKE '%parent' FROM pg_constraint WHERE confrelid = 'parent'::regclass;
SELECT i.indexrelid::regclass::text LIKE '%child%', indisprimary FROM pg_index i WHERE indrelid = 'child'::regclass ORDER BY 2;
SELECT description FROM pg_description WHERE objoid = 'child'::regclass AND objsubid = 5;
SELECT adnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'child'::regclass;
SELECT tableoid::regclass, oid FROM pg_am WHERE oid = 403;
SELECT a.attname, d.adnum FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = 'child'::regclass AND a.attnum > 0 ORDER BY a.attnum;
-- Rows that refer to nothing, and objects in several ways.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int CONSTRAINT above CHECK (VALUE > 0) DEFAULT 1;
COMMENT ON TYPE mood IS 'how one is';
COMMENT ON CONSTRAINT above ON DOMAIN positive IS 'no less';
SELECT typname FROM pg_type WHERE typrelid = 0 AND typnamespace = current_schema()::regnamespace ORDER BY 1;
SELECT typname, typtype, typinput::text, typoutput::text, typreceive::text, typsend::text, typdefault FROM pg_type WHERE typname IN ('mood', '_mood', 'positive', '_positive') AND typnamespace = current_schema()::regnamespace ORDER BY 1;
SELECT typname FROM pg_type WHERE oid IN ('mood'::regtype, 'positive[]'::regtype, 'parent'::regtype, 'child[]'::regtype) ORDER BY 1;
SELECT conname FROM pg_constraint WHERE conrelid = 0 AND connamespace = current_schema()::regnamespace;
SELECT conname, contypid::regtype::text FROM pg_constraint WHERE contypid = 'positive'::regtype;
SELECT conname FROM pg_constraint WHERE oid = (SELECT oid FROM pg_constraint WHERE conname = 'above' AND connamespace = current_schema()::regnamespace);
SELECT enumlabel, enumsortorder FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY 2;
SELECT description FROM pg_description WHERE objoid = 'mood'::regtype;
SELECT description FROM pg_description WHERE objoid = (SELECT oid FROM pg_constraint WHERE conname = 'above' AND connamespace = current_schema()::regnamespace);
SELECT refclassid::regclass::text, deptype FROM pg_depend WHERE objid = 'parent_pkey'::regclass ORDER BY 1, 2;
SELECT classid::regclass::text, refclassid::regclass::text, deptype FROM pg_depend WHERE objid IN ('mood'::regtype, 'mood[]'::regtype, 'parent'::regtype) ORDER BY 1, 2, 3;
SELECT type, name, identity LIKE 'above on %positive' FROM pg_identify_object('pg_constraint'::regclass, (SELECT oid FROM pg_constraint WHERE conname = 'above' AND connamespace = current_schema()::regnamespace), 0);
SELECT pg_describe_object('pg_constraint'::regclass, (SELECT oid FROM pg_constraint WHERE conname = 'above' AND connamespace = current_schema()::regnamespace), 0);
SELECT pg_describe_object('pg_type'::regclass, 'mood'::regtype, 0) LIKE 'type %mood', pg_describe_object('pg_type'::regclass, 'mood[]'::regtype, 0) LIKE 'type %mood[]';
SELECT domain_name, data_type, domain_default FROM information_schema.domains WHERE domain_schema = current_schema();
SELECT domain_name, constraint_name FROM information_schema.domain_constraints WHERE domain_schema = current_schema();
SELECT type, name FROM pg_identify_object('pg_type'::regclass, 0, 0);
SELECT 'nosuch=r/postgres'::aclitem;
SELECT 'postgres'::aclitem;
SELECT 'postgres=q/postgres'::aclitem;
SELECT 'user postgres=w*r*/postgres'::aclitem, 'group postgres=/postgres'::aclitem, '"postgres"=a/"postgres"'::aclitem;
SELECT 'user postgres=r/postgres'::aclitem;
SELECT 'postgres=r/'::aclitem;
SELECT 'postgres=r/postgres x'::aclitem;
SELECT '=r/nosuch'::aclitem;
CREATE TYPE pair AS (a int, b mood);
SELECT classid::regclass::text, objsubid, refclassid::regclass::text, refobjsubid, deptype FROM pg_depend WHERE objid IN ('pair'::regclass, 'pair'::regtype, 'pair[]'::regtype) ORDER BY 1, 2, 3, 4, 5;
SELECT type, name, identity LIKE '%.mood[]' FROM pg_identify_object('pg_type'::regclass, 'mood[]'::regtype, 0);
SELECT type, name, identity FROM pg_identify_object('pg_type'::regclass, 'text[]'::regtype, 0);
SELECT type, name FROM pg_identify_object('pg_class'::regclass, 'pair'::regclass, 1);
SELECT pg_describe_object('pg_class'::regclass, 'pair'::regclass, 0) LIKE 'composite type %pair', pg_describe_object('pg_type'::regclass, 'timestamptz'::regtype, 0);
SELECT 2662::regclass, 'pg_class_oid_index'::regclass::oid, to_regclass('pg_catalog.pg_class_oid_index')::oid, to_regclass('pg_toast.pg_toast_1255'), pg_table_is_visible(2662), pg_table_is_visible(2836);
SELECT indexrelid::regclass, indexrelid::regclass::text::regclass::oid FROM pg_index WHERE indrelid = 'pg_class'::regclass ORDER BY 2;
SELECT 'pg_class_no_index'::regclass;
SELECT pg_get_function_result(oid), pg_get_function_arguments(oid) FROM pg_proc WHERE proname IN ('rank', 'percentile_cont', 'mode') ORDER BY oid;
SELECT a.attname, (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), col_description(a.attrelid, a.attnum) FROM pg_attribute a WHERE a.attrelid = (SELECT min(adrelid) FROM pg_attrdef) ORDER BY a.attnum;
SELECT count(*) FROM pg_attribute WHERE attrelid = 'pg_class'::regclass AND attnum = NULL;
SELECT attname FROM pg_attribute WHERE attrelid = 'pg_class'::regclass AND attnum = 2::bigint;
SELECT attname FROM pg_attribute WHERE attrelid = 'pg_class'::regclass AND attnum = 100000;
SELECT attname FROM pg_attribute WHERE attrelid = 'pg_class'::regclass AND attnum = -6 AND attnum < 0;
