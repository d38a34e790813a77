import Columnar
import DuckDB
import SQL
import Testing

/// The bound type of each expression is the type that DuckDB itself gives it.
@Suite struct TypeTests {
    private static let columns = """
        b boolean, i1 tinyint, i2 smallint, i4 integer, i8 bigint, h hugeint, u1 utinyint, u2 usmallint, u4 uinteger,
        u8 ubigint, f float, d double, dc decimal(10,2), dc2 decimal(5,3), dc4 decimal(18,4), dc5 decimal(4,1),
        dc6 decimal(38,4), s varchar, bl blob, dt date, tm time, ts timestamp, tz timestamptz, iv interval,
        ts_s timestamp_s, ts_ms timestamp_ms, ts_ns timestamp_ns, l integer[], st struct(x integer, y varchar)
        """

    static let expressions = """
        i1+i1; i2+i1; i4+i8; i8+u8; i4+u4; u4+u4; u1+i1; u2+i2; u8+i4; h+i4; u4+1; i2+1; i1+200; i2+70000; u1+256; u1+i4
        i4+99999999999; 1+1; u1+(-1); f+i4; f+d; f+i8; dc+i4; dc+i1; dc+i8; dc+dc2; dc4+i8; dc+f; dc+1; dc+0.5; dc5+1
        dc6+i8; i4+0.5; i8+0.5; i1+0.5; 0.5+0.25; 1+0.5; d+0.5; f+0.5; i4*i4; dc*dc; dc*i4; dc4*dc4; dc*2; dc*0.5
        dc6*dc6; i4*0.5; i8*0.5; dc5*dc5; dc-dc; dc-1; i4/i4; dc/i4; dc/dc; f/f; f/i4; d/2; 1/2; i4//i4; i8//i4; d//i4
        dc//i4; u1//u1; f//f; u1//i1; i1//i2; i4%i4; i8%i4; d%i4; dc%i4; dc%dc; dc%dc2; f%f; u8%i4; -i4; -i1; -u4; -dc
        -d; -(-1); i4+null; null+null; d+null; d+'1'; i1 - 128; i1 + 127; 128 + i1; i4 + 2147483648; f*dc; h*dc
        u8+dc; i2+dc; f+dc; i4**2; i4^2; mod(dc,2); divide(i4,2); pow(i4,2)
        dt+1; dt-1; dt-dt; dt+iv; ts+iv; ts-iv; ts-ts; tz-tz; tz+iv; ts-tz; dt-ts; ts-dt; iv+ts; 1+dt; ts_ms+iv
        ts_ns+iv; ts_ms-ts_ms; ts+null; interval '1 hour' * 2; interval 1 hour
        i4||s; s||s; bl||bl; ts||'x'; s||'x'
        i4=s; i4='1'; ts='2020-01-01'; dt=ts; ts=tz; s=1; b=i4; dc=d; null=null; u8=i8; i4 in (1,2.5); s in ('a','b')
        ts between '2020-01-01' and '2021-01-01'; i4 is null; b and i4; not b; i4 is distinct from 1; b is true
        case when b then 1 else 2 end; case when b then i4 else d end
        case when b then 1 end; case when b then i1 else i4 end; case when b then 1 else 0.5 end
        case when b then dt else ts end; case when b then 1 else i8 end; case when b then 1 else i1 end
        case when b then dc else dc2 end; case when b then dc else i4 end; case when b then d else dc end
        case when b then ts else tz end; case when b then 1 else 99999999999 end; case when b then u1 else i1 end
        case when b then u4 else i4 end; case when b then u8 else i8 end; case when b then f else i8 end
        case when b then f else dc end; case when b then ts_ms else ts end; case when b then ts_s else ts_ns end
        case when b then dt else tz end; case when b then u4 else 1 end; case when b then u4 else -1 end
        case when b then i8 else dc end; case when b then h else d end; case when b then i1 else 200 end
        case when b then ts_ms else dt end; case when b then u8 else dc end; case when b then 0.5 else dc end
        coalesce(i4,0); coalesce(s,'x'); coalesce(i4,d); coalesce(i1,1); coalesce(i1,300); coalesce(dt,'2020-01-01')
        ifnull(i4,0); nullif(i4,0); nullif(i4,d); nullif(d,i4); nullif(i1,300); nullif(s,'x'); greatest(i4,i8); least(i4,d)
        greatest(dt,ts); greatest(i1,1); least(dc,i4); greatest(1, 2.5); if(b,i4,d); if(b,1,2); coalesce(null,1)
        abs(i4); abs(dc); abs(f); abs(-0.5); round(i4); round(d,2); round(dc); round(dc,1); round(dc,5); round(dc,-1)
        round(f,1); round(u4); round(0.55,1); floor(d); floor(i4); floor(dc); ceil(f); ceiling(dc); sign(i4); sqrt(i4)
        ln(dc); log10(d); exp(i4); log(i4); lower(s); length(s); substring(s,1,2); substr(s,2); replace(s,'a','b')
        starts_with(s,'a'); ends_with(s,'a'); contains(s,'a'); left(s,2); right(s,i4); lpad(s,5,'x'); reverse(s)
        split_part(s,',',1); s like 'x%'; s not ilike 'x'; s like 'x' escape '!'; concat(s,i4,null); md5(s); hash(i4,s)
        trim(s); ltrim(s,'x'); s ^@ 'a'; upper(null); length('abc')
        date_trunc('month',ts); date_trunc('month',dt); date_trunc('hour',tz); date_trunc('day',ts_ms); date_part('hour',ts)
        extract(epoch from ts); date_part('year',dt); year(ts); month(dt); hour(tz); epoch(ts); date_diff('day',dt,ts)
        epoch_ms(ts); epoch_ms(i8); epoch_us(tz); make_timestamp(i8); date_add(dt, interval 1 day)
        datediff('day',dt,dt)
        i4::varchar; s::decimal; s::numeric(5); s::interval; s::blob; s::real; s::int2; s::hugeint; s::timestamp(3)
        s::timestamptz; s::date; s::time; s::ubigint; try_cast(s as int); ts::date; dt::timestamp; s::dec(4,1)
        1; -1; 2147483648; -2147483648; 9223372036854775808; 0.5; 00.50; .5; 1e3; 123456789.123456789; true; 'x'; 1_000
        date '2020-01-01'; timestamp '2020-01-01'; timestamptz '2020-01-01'; time '10:00'; 1000000000000000000000.5
        st.x; st.y; st['x']; l[1]
        count(*); count(i4); count(distinct s); sum(i1); sum(i8); sum(u8); sum(f); sum(d); sum(dc); sum(b); sum(1)
        sum(distinct i4); avg(i4); avg(dc); avg(f); min(s); max(dc); max(ts); min(b); quantile_cont(i4,0.9)
        quantile_cont(f,0.5); quantile_cont(dc,0.5); quantile_cont(ts,0.5); quantile_cont(dt,0.5); quantile_disc(i4,0.9)
        quantile_disc(s,0.5); median(i4); median(s); median(dt); arg_max(s,i4); max_by(i4,ts); stddev(i4); var_pop(dc)
        variance(d); any_value(s); first(i4); bool_and(b); bool_or(b); percentile_cont(0.9) within group (order by i4)
        percentile_disc(0.5) within group (order by s); sum(0.5); mean(i4); sum(i4) / count(*); max(i4) - min(i4)
        sum(i4) filter (where b); sum(null); count(null); avg(null); min(1); quantile(i4,0.5); quantile_cont(u8,1)
        """.split(whereSeparator: { $0 == ";" || $0 == "\n" }).map { String($0.drop { $0 == " " }) }

    @Test func boundTypesAreDuckDBs() throws {
        let connection = try DuckDBDatabase().connect()
        _ = try connection.execute("create table t(\(Self.columns))")
        let schema = try connection.describe("select * from t")
        let catalog = NamedRelations(["t": CatalogRelation(name: "t", kind: .stream, schema: schema)])
        let parser = connection
        #expect(Self.expressions.count > 300)
        for expression in Self.expressions {
            let query = "select \(expression) as x from t"
            do {
                let theirs = try connection.describe(query).fields[0].type
                let ours = try Binder(catalog: catalog).bind(query, parsedBy: parser).schema.fields[0].type
                #expect("\(ours)" == "\(theirs)", "\(expression)")
            } catch {
                Issue.record("\(expression): \(error)")
            }
        }
    }
}
