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

    public async Task<string> AskOther(string key, SiloAddress where)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, where);
        try
        {
            return await grains.GetGrain<IWhereGrain>(key).RunsOn();
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}
