using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>
/// Starts the node before Orleans opens its own ports, and ends it after Orleans has written this silo's last row: a
/// hosted service would be too late for the one or too early for the other.
/// </summary>
internal sealed partial class ReplicaLifecycle(
    IServiceProvider services,
    StatusEndpoint status,
    MembershipRefresher refresher,
    ILogger<ReplicaLifecycle> log) : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>Below the silo's listeners (1999) and its runtime (2000), with room for others between.</summary>
    public const int Stage = ServiceLifecycleStage.RuntimeInitialize - 10;

    private static readonly TimeSpan HandOverLimit = TimeSpan.FromSeconds(5);

    private INode? _node;
    private CancellationTokenRegistration _stopping;
    private int _stopBegun;

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(ReplicaLifecycle), Stage, StartAsync, StopAsync);

        // The first stage to stop: a silo that is stopped without a host has no ApplicationStopping.
        lifecycle.Subscribe(nameof(ReplicaLifecycle), ServiceLifecycleStage.Active, _ => Task.CompletedTask, _ =>
        {
            BeginStop();
            return Task.CompletedTask;
        });
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        // Resolved here and not in the constructor, which runs before the options are validated.
        var node = _node = services.GetRequiredService<INode>();
        services.GetRequiredService<Metrics>().Watch(() => node.Status);
        _node.TableVersionLearned += refresher.Learned;
        await status.StartAsync(cancellationToken);
        await _node.StartAsync(cancellationToken);
        if (services.GetService<IHostApplicationLifetime>() is { } lifetime)
        {
            _stopping = lifetime.ApplicationStopping.Register(BeginStop);
        }
    }

    private void BeginStop()
    {
        if (Interlocked.Exchange(ref _stopBegun, 1) == 0) _node?.BeginStop();
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_node is not { } node) return;
        BeginStop();
        await _stopping.DisposeAsync();
        await HandOverAsync(node, cancellationToken);
        node.TableVersionLearned -= refresher.Learned;
        refresher.Dispose();
        await status.DisposeAsync();

        // Last: as long as it listens, the others can still ask it.
        await node.DisposeAsync();
    }

    private async Task HandOverAsync(INode node, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(HandOverLimit);
        try
        {
            await node.HandOverAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception failure)
        {
            // The others find out by themselves, only later; nothing here is worth a stop that fails.
            LogNotHandedOver(failure);
        }
    }

    [LoggerMessage(EventId = 7602, Level = LogLevel.Warning,
        Message = "This silo stops without having handed over its vote; the others will replace it")]
    private partial void LogNotHandedOver(Exception failure);
}
