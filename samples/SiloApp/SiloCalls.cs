using System.Diagnostics;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using SiloApp.Grains;

namespace SiloApp;

/// <summary>Calls the grain of a chosen silo, so that it can be shown that every silo reaches every other.</summary>
internal sealed class SiloCalls(IGrainFactory grains, ILocalSiloDetails self)
{
    /// <summary>
    /// The grain's key is the silo's address, generation included, so a silo's grain is never found on another one;
    /// the hint places it there on its first call.
    /// </summary>
    public async Task<CallReport> CallAsync(SiloAddress target, CancellationToken cancellationToken)
    {
        var key = target.ToParsableString();
        var caller = self.SiloAddress.ToParsableString();
        var clock = Stopwatch.StartNew();
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
        try
        {
            var greeting = await grains.GetGrain<IHelloGrain>(key).Hello(caller).WaitAsync(cancellationToken);
            return new CallReport(caller, greeting.Silo, greeting.Name, greeting.ProcessId, greeting.Calls,
                Math.Round(clock.Elapsed.TotalMilliseconds, 2));
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}

/// <summary>What <c>/call</c> answers: who asked, who answered, and how long it took.</summary>
internal sealed record CallReport(
    string From, string RanOn, string Name, int ProcessId, int Calls, double Milliseconds);
