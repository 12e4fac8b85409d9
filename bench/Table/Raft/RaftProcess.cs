using System.Globalization;
using System.Net;
using Demo;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.Membership;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace TableBench.Raft;

/// <summary>
/// What a child process does: be one member of a Raft cluster by DotNext, over its own TCP transport and with its own
/// log on disk as both come, and serve the table over HTTP/2 while it leads. Only the leader answers.
/// </summary>
internal sealed class RaftProcess(RaftCluster cluster, RaftState state)
{
    public const string Command = "raft";

    /// <param name="args">Folder, client port, own port, then the ports of all members.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var ports = args[1..].Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToList();
        using var interruption = new Interruption();
        await using var state = new RaftState(new DirectoryInfo(Path.Combine(args[0], "state")));
        await using var log = new WriteAheadLog(
            new WriteAheadLog.Options { Location = Path.Combine(args[0], "log") }, state);
        using var cluster = new RaftCluster(Configuration(ports[1], ports[2..])) { AuditTrail = log };
        await cluster.StartAsync(interruption.Token);
        await using var server = new RaftProcess(cluster, state).Build(ports[0]);
        await server.StartAsync(interruption.Token);

        // Bounded: whoever started it may have been killed.
        await Task.Delay(TimeSpan.FromHours(2), interruption.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await cluster.StopAsync(CancellationToken.None);
        return 0;
    }

    // No storage named: it makes one in memory, which is filled with the members that there will ever be.
    private static RaftCluster.TcpConfiguration Configuration(int own, List<int> all)
    {
        var configuration = new RaftCluster.TcpConfiguration(new IPEndPoint(IPAddress.Loopback, own))
        {
            ColdStart = all.Count == 1,

            // Patient, as no leader is meant to be lost here, and a busy machine must not depose one.
            LowerElectionTimeout = 2_000,
            UpperElectionTimeout = 4_000,
            RequestTimeout = TimeSpan.FromSeconds(2),
            ConfigurationStorage = null,
        };
        if (all.Count == 1) return configuration;
        var storage = (InMemoryClusterConfigurationStorage<EndPoint>)configuration.ConfigurationStorage!;
        var members = storage.CreateInitialConfigurationBuilder();
        foreach (var port in all) members.Add(new IPEndPoint(IPAddress.Loopback, port));
        members.Build();
        return configuration;
    }

    private WebApplication Build(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.ConfigureKestrel(options =>
            options.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(AnswerAsync);
        return app;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var stop = context.RequestAborted;
        if (cluster.LeadershipToken.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            return;
        }

        if (HttpMethods.IsGet(context.Request.Method))
        {
            await cluster.ApplyReadBarrierAsync(ReadBarrierType.Strong, stop);
            await context.Response.Body.WriteAsync(state.Write(), stop);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, stop);
        var applied = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await cluster.ReplicateAsync(body.ToArray(), applied, stop);
        var won = await applied.Task.WaitAsync(stop);
        await context.Response.Body.WriteAsync(new[] { (byte)(won ? 1 : 0) }, stop);
    }
}
