using System.Globalization;
using System.Net;
using Orleans;
using Orleans.Runtime;
using TableBench.Backends;

namespace TableBench.Raft;

/// <summary>The table of a Raft cluster, as another process reaches its leader.</summary>
internal sealed class RaftTable(HttpClient leader) : IMembershipTable
{
    public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

    public Task DeleteMembershipTableEntries(string clusterId) => throw new NotSupportedException();

    public async Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
    {
        foreach (var (row, _) in (await ReadAll()).Members)
        {
            if (row.Status == SiloStatus.Dead && row.IAmAliveTime < beforeDate)
                await WriteAsync(new RaftCommand(RaftCommand.Kinds.Remove, Key(row), 0, 0, []));
        }
    }

    public Task<MembershipTableData> ReadRow(SiloAddress key) => throw new NotSupportedException();

    public async Task<MembershipTableData> ReadAll()
    {
        using var reader = new BinaryReader(new MemoryStream(await leader.GetByteArrayAsync("/")));
        var version = reader.ReadInt32();
        var members = new List<Tuple<MembershipEntry, string>>(reader.ReadInt32());
        while (members.Count < members.Capacity)
        {
            var etag = reader.ReadInt32();
            var entry = RowText.Read(reader.ReadBytes(reader.ReadInt32()));
            var beat = reader.ReadBytes(reader.ReadInt32());
            if (beat.Length > 0) entry.IAmAliveTime = new DateTime(BitConverter.ToInt64(beat), DateTimeKind.Utc);
            members.Add(Tuple.Create(entry, etag.ToString(CultureInfo.InvariantCulture)));
        }

        return new MembershipTableData(
            members, new TableVersion(version, version.ToString(CultureInfo.InvariantCulture)));
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => WriteAsync(new RaftCommand(
        RaftCommand.Kinds.Insert, Key(entry), tableVersion.Version - 1, 0, RowText.Write(entry)));

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        WriteAsync(new RaftCommand(
            RaftCommand.Kinds.Update, Key(entry), tableVersion.Version - 1,
            int.Parse(etag, CultureInfo.InvariantCulture), RowText.Write(entry)));

    public Task UpdateIAmAlive(MembershipEntry entry) => WriteAsync(new RaftCommand(
        RaftCommand.Kinds.Beat, Key(entry), 0, 0, BitConverter.GetBytes(entry.IAmAliveTime.Ticks)));

    /// <summary>Whether a member leads; throws while it does not.</summary>
    public static async Task RequireLeaderAsync(HttpClient member, CancellationToken stop)
    {
        using var answer = await member.GetAsync("/", stop);
        answer.EnsureSuccessStatusCode();
    }

    public static HttpClient Client(int port) => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private async Task<bool> WriteAsync(RaftCommand command)
    {
        using var answer = await leader.PostAsync("/", new ByteArrayContent(command.Write()));
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadAsByteArrayAsync())[0] == 1;
    }

    private static string Key(MembershipEntry entry) => entry.SiloAddress.ToParsableString();
}
