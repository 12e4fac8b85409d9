using FsCheck.Xunit;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Voters over failure domains (protocol § 6), the digits after the names; 0: not known.</summary>
public class SpreadTests
{
    // "among candidates maximise distinct failure domains, then age"
    [Theory]
    [InlineData("a1", "b1 c2 d3", 3, "a1 c2 d3")]
    [InlineData("a1", "b1 c1 d2", 3, "a1 d2 b1")]
    [InlineData("a1", "b1 c1 d1", 3, "a1 b1 c1")]
    [InlineData("a1", "b0 c0 d2", 3, "a1 d2 b0")]
    [InlineData("a1 b2", "c3", 5, "a1 b2 c3")]
    [InlineData("a1 b2 c3", "d4", 3, "a1 b2 c3")]
    public void Growing_takes_new_domains_first_and_then_the_eldest(
        string voters, string candidates, int size, string grown)
    {
        var domains = new Domains(voters, candidates);

        Assert.Equal(grown, domains.Name(Spread.Grow(domains.Voters, domains.Candidates, size, domains.Of)));
    }

    // "a candidate of a domain without a voter takes the place of the youngest voter, never the leader, that shares"
    [Theory]
    [InlineData("a1 b1 c1", "d2 e3", "a1 b1 d2")]
    [InlineData("a1 b1 c2", "d3", "a1 d3 c2")]
    [InlineData("a1 b2 c3", "d4", "a1 b2 c3")]
    [InlineData("a1 b1 c2", "d1 e2", "a1 b1 c2")]
    [InlineData("a1 b1 c2", "d0", "a1 b1 c2")]
    [InlineData("a1 b0 c0", "d2", "a1 b0 c0")]
    public void Swapping_takes_the_youngest_that_shares_its_domain(string voters, string candidates, string swapped)
    {
        var domains = new Domains(voters, candidates);

        Assert.Equal(swapped, domains.Name(Spread.Swap(domains.Voters, domains.Candidates, domains.Of)));
    }

    [Property]
    public bool Growing_never_passes_the_size_and_spreads_as_far_as_it_can(byte[] numbers, byte count, byte size)
    {
        var domains = Domains.Drawn(numbers);
        var voters = domains.Candidates.Take(1 + (count % domains.Candidates.Count)).ToList();
        var candidates = domains.Candidates.Except(voters).ToList();
        var target = size % 7;
        var grown = Spread.Grow(voters, candidates, target, domains.Of);
        var places = Math.Clamp(target - voters.Count, 0, candidates.Count);
        var addable = domains.Distinct(domains.Candidates) - domains.Distinct(voters);
        return grown.Take(voters.Count).SequenceEqual(voters)
            && grown.Count == voters.Count + places
            && grown.Distinct().Count() == grown.Count
            && domains.Distinct(grown) == domains.Distinct(voters) + Math.Min(places, addable);
    }

    [Property]
    public bool Swapping_keeps_the_leader_and_the_number_and_never_loses_a_domain(byte[] numbers, byte count)
    {
        var domains = Domains.Drawn(numbers);
        var voters = domains.Candidates.Take(1 + (count % domains.Candidates.Count)).ToList();
        var swapped = Spread.Swap(voters, domains.Candidates.Except(voters).ToList(), domains.Of);
        var gained = domains.Distinct(swapped) - domains.Distinct(voters);
        return swapped.Count == voters.Count
            && swapped[0] == voters[0]
            && gained == (swapped.SequenceEqual(voters) ? 0 : 1);
    }

    private sealed class Domains
    {
        private readonly Dictionary<MemberId, string> _of = [];

        public Domains(string voters, string candidates)
        {
            Voters = Read(voters);
            Candidates = Read(candidates);
        }

        public List<MemberId> Voters { get; }

        public List<MemberId> Candidates { get; }

        // At least one, at most twelve, in four domains, one of them not known.
        public static Domains Drawn(byte[] numbers) => new("", string.Join(' ', numbers.Append((byte)1).Take(12)
            .Select((number, i) => $"{(char)('a' + i)}{number % 4}")));

        public string Of(MemberId member) => _of[member];

        public int Distinct(IEnumerable<MemberId> members) => members.Select(Of).Where(each => each != "").Distinct()
            .Count();

        public string Name(IEnumerable<MemberId> members) => string.Join(' ', members.Select(member =>
            member.Fqdn[..1] + (Of(member) is { Length: > 0 } domain ? domain : "0")));

        private List<MemberId> Read(string members)
        {
            var read = new List<MemberId>();
            foreach (var name in members.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var member = Given.Member(name[..1]);
                _of[member] = name[1..] == "0" ? "" : name[1..];
                read.Add(member);
            }

            return read;
        }
    }
}
