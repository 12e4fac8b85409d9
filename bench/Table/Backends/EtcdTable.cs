using System.Globalization;
using dotnet_etcd;
using Etcdserverpb;
using Google.Protobuf;
using Orleans;
using Orleans.Runtime;

namespace TableBench.Backends;

/// <summary>
/// A membership table in etcd as a provider would write it: a key for the version, one for each row, one for each
/// heartbeat; a write is one transaction that compares version and row, a read one transaction of three ranges, which
/// etcd makes linearizable.
/// </summary>
internal sealed class EtcdTable(EtcdClient client) : IMembershipTable
{
    private static readonly ByteString Version = ByteString.CopyFromUtf8("bench/version");
    private const string Rows = "bench/row/";
    private const string Beats = "bench/beat/";

    public Task InitializeMembershipTable(bool tryInitTableVersion) => client.TransactionAsync(new TxnRequest
    {
        Compare = { IsNew(Version) },
        Success = { Put(Version, ByteString.CopyFromUtf8("0")) },
    });

    public async Task DeleteMembershipTableEntries(string clusterId) =>
        await client.DeleteRangeAsync("bench/");

    public async Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
    {
        var table = await ReadAll();
        var old = table.Members.Select(member => member.Item1)
            .Where(row => row.Status == SiloStatus.Dead && row.IAmAliveTime < beforeDate).ToList();

        // etcd takes 128 operations in one transaction.
        foreach (var rows in old.Chunk(100))
        {
            await client.TransactionAsync(new TxnRequest
            {
                Success = { rows.Select(row => new RequestOp { RequestDeleteRange = new() { Key = Row(row) } }) },
            });
        }
    }

    public Task<MembershipTableData> ReadRow(SiloAddress key) => throw new NotSupportedException();

    public async Task<MembershipTableData> ReadAll()
    {
        var answer = await client.TransactionAsync(new TxnRequest
        {
            Success = { Get(Version), All(Rows), All(Beats) },
        });
        var (version, rows, beats) =
            (answer.Responses[0].ResponseRange, answer.Responses[1].ResponseRange, answer.Responses[2].ResponseRange);
        var alive = beats.Kvs.ToDictionary(beat => beat.Key.ToStringUtf8()[Beats.Length..], beat => beat.Value);
        var members = rows.Kvs.Select(row => Tuple.Create(
            Entry(row.Value, alive.GetValueOrDefault(row.Key.ToStringUtf8()[Rows.Length..])),
            row.ModRevision.ToString(CultureInfo.InvariantCulture)));
        var number = version.Kvs[0].Value.ToStringUtf8();
        return new MembershipTableData(
            members.ToList(), new TableVersion(int.Parse(number, CultureInfo.InvariantCulture), number));
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        WriteAsync(entry, tableVersion, IsNew(Row(entry)));

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        WriteAsync(entry, tableVersion, new Compare
        {
            Key = Row(entry),
            Target = Compare.Types.CompareTarget.Mod,
            Result = Compare.Types.CompareResult.Equal,
            ModRevision = long.Parse(etag, CultureInfo.InvariantCulture),
        });

    public async Task UpdateIAmAlive(MembershipEntry entry) => await client.PutAsync(new PutRequest
    {
        Key = Key(Beats + entry.SiloAddress.ToParsableString()),
        Value = ByteString.CopyFromUtf8(entry.IAmAliveTime.Ticks.ToString(CultureInfo.InvariantCulture)),
    });

    private async Task<bool> WriteAsync(MembershipEntry entry, TableVersion next, Compare row)
    {
        var answer = await client.TransactionAsync(new TxnRequest
        {
            Compare =
            {
                row,
                new Compare
                {
                    Key = Version,
                    Target = Compare.Types.CompareTarget.Value,
                    Result = Compare.Types.CompareResult.Equal,
                    Value = ByteString.CopyFromUtf8(next.VersionEtag),
                },
            },
            Success =
            {
                Put(Version, ByteString.CopyFromUtf8(next.Version.ToString(CultureInfo.InvariantCulture))),
                Put(Row(entry), ByteString.CopyFrom(RowText.Write(entry))),
            },
        });
        return answer.Succeeded;
    }

    private static MembershipEntry Entry(ByteString row, ByteString? beat)
    {
        var entry = RowText.Read(row.Span);
        if (beat is null) return entry;
        var ticks = long.Parse(beat.ToStringUtf8(), CultureInfo.InvariantCulture);
        entry.IAmAliveTime = new DateTime(Math.Max(ticks, entry.IAmAliveTime.Ticks), DateTimeKind.Utc);
        return entry;
    }

    private static Compare IsNew(ByteString key) => new()
    {
        Key = key,
        Target = Compare.Types.CompareTarget.Create,
        Result = Compare.Types.CompareResult.Equal,
        CreateRevision = 0,
    };

    private static RequestOp Put(ByteString key, ByteString value) =>
        new() { RequestPut = new PutRequest { Key = key, Value = value } };

    private static RequestOp Get(ByteString key) => new() { RequestRange = new RangeRequest { Key = key } };

    // The key after all that begin with the prefix: '/' raised by one.
    private static RequestOp All(string prefix) => new()
    {
        RequestRange = new RangeRequest { Key = Key(prefix), RangeEnd = Key(prefix[..^1] + '0') },
    };

    private static ByteString Row(MembershipEntry entry) => Key(Rows + entry.SiloAddress.ToParsableString());

    private static ByteString Key(string key) => ByteString.CopyFromUtf8(key);
}
