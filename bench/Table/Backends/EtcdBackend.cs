using dotnet_etcd;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Orleans;
using Servers;

namespace TableBench.Backends;

/// <summary>etcd as it comes, by its gRPC interface (the client library dotnet-etcd).</summary>
internal sealed class EtcdBackend(int replicas) : IBackend
{
    private Etcd? _servers;
    private EtcdClient? _client;

    public string Name => $"etcd {replicas}";

    public string Kind => "etcd";

    public int Replicas => replicas;

    public IEnumerable<int> ProcessIds => _servers!.ProcessIds;

    public async Task<IMembershipTable> StartAsync(string folder, CancellationToken stop)
    {
        _servers = await Etcd.StartAsync(folder, replicas, AskAsync, stop);
        _client = Client(_servers.Endpoints);
        return new EtcdTable(_client);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_servers is not null) await _servers.DisposeAsync();
    }

    private static async Task AskAsync(IReadOnlyList<string> endpoints, CancellationToken stop)
    {
        foreach (var endpoint in endpoints)
        {
            using var client = Client([endpoint]);
            var request = new RangeRequest { Key = ByteString.CopyFromUtf8("ready") };
            await client.GetAsync(request, cancellationToken: stop);
        }
    }

    private static EtcdClient Client(IEnumerable<string> endpoints) => new(
        string.Join(',', endpoints),
        configureChannelOptions: options => options.Credentials = ChannelCredentials.Insecure);
}
