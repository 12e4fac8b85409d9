using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Orleans.Clustering.KubeDns.Cluster.TestingHost;

/// <summary>Tells where it runs, and calls another that may run elsewhere. Keyed by any text.</summary>
public interface IWhereGrain : IGrainWithStringKey
{
    Task<string> RunsOn();

    /// <summary>From here to the grain of that key, placed where it is asked for if it is not active yet.</summary>
    Task<string> AskOther(string key, SiloAddress where);
}

[RandomPlacement]
public sealed class WhereGrain(ILocalSiloDetails silo, IGrainFactory grains) : Grain, IWhereGrain
{
    public Task<string> RunsOn() => Task.FromResult(silo.SiloAddress.ToParsableString());

    public Task<string> AskOther(string key, SiloAddress where) =>
        grains.GetGrain<IWhereGrain>(key).RunsOnAsync(where);
}

internal static class Placing
{
    /// <summary>Calls a grain that is to be placed there if it is not active yet.</summary>
    public static async Task<string> RunsOnAsync(this IWhereGrain grain, SiloAddress where)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, where);
        try
        {
            return await grain.RunsOn();
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}
