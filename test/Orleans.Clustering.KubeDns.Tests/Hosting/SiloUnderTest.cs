using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Membership;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>A real Orleans silo, alone, over a <see cref="FakeNode"/>.</summary>
internal sealed class SiloUnderTest : IAsyncDisposable
{
    private FakeNode? _node;

    public SiloUnderTest(
        Action<ISiloBuilder>? choose = null,
        IDictionary<string, string?>? settings = null,
        PodEnvironment? pod = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddProvider(new LogRecorder(Logged));
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>()) builder.Configuration[key] = value;
        builder.Services.AddSingleton(new NodeComposition
        {
            Node = services => _node = MakeNode(services),
            Fqdn = (_, _) => "silo-7.orleans.shop.svc.cluster.local",
            Gateways = _ => throw new NotSupportedException(),
        });
        builder.Services.AddSingleton(pod ?? new PodEnvironment(null, null));
        builder.UseOrleans(silo =>
        {
            silo.Services.Configure<EndpointOptions>(endpoints =>
            {
                endpoints.AdvertisedIPAddress = IPAddress.Loopback;
                endpoints.SiloPort = FakeNode.FreePort();
                endpoints.GatewayPort = 0;
            });
            choose?.Invoke(silo);
            foreach (var stage in new[] { 1999, 2000, 8001, 20000 }) Record(silo.Services, stage);
        });
        Host = builder.Build();
    }

    public IHost Host { get; }

    public ConcurrentQueue<string> Calls { get; } = new();

    public InMemoryTable Table { get; init; } = new();

    public ConcurrentQueue<string> Logged { get; } = new();

    public Exception? NodeStartFailure { get; init; }

    /// <summary>Keeps the silo from joining until the test lets it.</summary>
    public bool HoldJoining { get; init; }

    public FakeNode Node => _node ?? throw new InvalidOperationException("No node was made.");

    public bool HasNode => _node is not null;

    public T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await HostEnding.EndAsync(Host);
    }

    private FakeNode MakeNode(IServiceProvider services)
    {
        var node = new FakeNode(Table, services.GetRequiredService<ILocalSiloDetails>().SiloAddress, Calls)
        {
            StartFailure = NodeStartFailure,
        };
        if (!HoldJoining) node.Joining.SetResult();
        return node;
    }

    private void Record(IServiceCollection services, int stage) =>
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(new Recorder(stage, Calls));

    private sealed class LogRecorder(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId id, TState state, Exception? fault, Func<TState, Exception?, string> format)
        {
            if (IsEnabled(logLevel)) lines.Enqueue(format(state, fault));
        }

        public void Dispose()
        {
        }
    }

    private sealed class Recorder(int stage, ConcurrentQueue<string> calls) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle lifecycle) =>
            lifecycle.Subscribe(nameof(Recorder), stage, _ => Note("up"), _ => Note("down"));

        private Task Note(string direction)
        {
            calls.Enqueue($"{stage} {direction}");
            return Task.CompletedTask;
        }
    }
}
