using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>What a service is asked for.</summary>
internal enum ServiceRole
{
    /// <summary>Lists every pod; we must be in it under our own name.</summary>
    Discovery,

    /// <summary>Lists the pods that are ready, under names of its own: not to be in it is no fault.</summary>
    Ready,
}

/// <summary>
/// Reads one answer for ourselves. An answer that is not whole may show that we are listed, never that we are not.
/// </summary>
internal sealed class SelfCheck(Identity self, ServicePort service, ServiceRole role)
{
    public SelfVerdict Judge(SrvAnswer answer)
    {
        if (answer.Outcome.IsEmpty())
        {
            // Before the first pod is ready, a ready service has no name either.
            return Fault(SelfStanding.NoService, role == ServiceRole.Ready ? null : ServiceErrors.NoService(
                service, self.Port, answer));
        }

        if (answer.IsCutOff)
        {
            return SelfVerdict.Unknown with { Error = AnswerErrors.CutOff(service, answer) };
        }

        if (answer.Targets.IsEmpty)
        {
            return SelfVerdict.Unknown;
        }

        if (answer.Targets.Any(t => DnsName.Same(t.Target, service.Service.Fqdn)))
        {
            return Fault(SelfStanding.NotHeadless, ServiceErrors.NotHeadless(service, answer));
        }

        var ours = answer.Targets.Where(t => t.Addresses.Contains(self.Address)).ToImmutableArray();
        var exact = ours.Where(t => t.Port == self.Port).ToImmutableArray();
        return exact.IsEmpty ? JudgeAbsent(answer, ours) : JudgeListed(exact);
    }

    private SelfVerdict JudgeListed(ImmutableArray<SrvTarget> exact)
    {
        var chosen = exact.FirstOrDefault(t => t.Target == self.Fqdn) ?? exact[0];
        if (role == ServiceRole.Ready)
        {
            return new SelfVerdict(SelfStanding.Listed, chosen.Target, null);
        }

        var sharing = chosen.Addresses.Where(a => a.AddressFamily == self.Address.AddressFamily).ToImmutableArray();
        if (sharing.Length > 1)
        {
            var error = ListingErrors.DuplicateHostname(self, service, chosen.Target, sharing);
            return new SelfVerdict(SelfStanding.DuplicateHostname, chosen.Target, error);
        }

        return self.Fqdn is null || chosen.Target == self.Fqdn
            ? new SelfVerdict(SelfStanding.Listed, chosen.Target, null)
            : new SelfVerdict(SelfStanding.ListedUnderOtherName, chosen.Target,
                ListingErrors.OtherName(self, service, chosen.Target));
    }

    private SelfVerdict JudgeAbsent(SrvAnswer answer, ImmutableArray<SrvTarget> ours)
    {
        if (answer.Outcome != DnsOutcome.Records)
        {
            return SelfVerdict.Unknown;
        }

        // Silos that share a loopback address differ by port: another one's port is no mismatch of ours.
        var mismatch = IPAddress.IsLoopback(self.Address) ? [.. ours.Where(t => t.Target == self.Fqdn)] : ours;
        if (!mismatch.IsEmpty)
        {
            return Fault(SelfStanding.PortMismatch, ListingErrors.PortMismatch(self, service, mismatch[0].Port));
        }

        return Fault(SelfStanding.NotYetListed, role == ServiceRole.Ready ? null : ListingErrors.NotListed(
            self, service, answer.Targets));
    }

    private static SelfVerdict Fault(SelfStanding standing, KdnsError? error) => new(standing, null, error);
}
