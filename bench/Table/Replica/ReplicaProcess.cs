using Demo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Clustering.KubeDns.Node;

namespace TableBench.Replica;

/// <summary>What a child process does: be one voter, with a row that says so, until it is told to end.</summary>
internal static class ReplicaProcess
{
    public static async Task<int> RunAsync(ReplicaSettings settings)
    {
        using var interruption = new Interruption();
        using var host = settings.Build();
        await using var node = host.Services.GetRequiredService<INode>();
        await node.StartAsync(interruption.Token);
        await node.WaitUntilJoinedAsync(interruption.Token);
        await OwnRow.InsertAsync(host, interruption.Token);
        Console.WriteLine(ReplicaSettings.Active);
        try
        {
            // Bounded: whoever started it may have been killed.
            await Task.Delay(TimeSpan.FromHours(2), interruption.Token);
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }

        return 0;
    }
}
