using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// One replica amid members and services that the test plays, each member known by its letter: who answers, who refuses
/// (the rest of <see cref="Greeted"/> is silent), and whom the two services list.
/// </summary>
internal sealed class Amid(ByHand hand)
{
    private const long Every = 500;

    public ByHand Hand => hand;

    public string Greeted { get; set; } = "abcd";

    public string Answering { get; set; } = "abcd";

    public string Refusing { get; set; } = "";

    public string Discovered { get; set; } = "abcd";

    /// <summary>Null: there is no ready service.</summary>
    public string? Ready { get; set; } = "abcd";

    public long Staleness { get; set; } = 1_000;

    /// <summary>What those who answer tell of their cluster.</summary>
    public Standing Standing { get; set; } = Standing.None;

    public string Events => string.Join(' ', hand.Traces.Select(trace => trace.Event));

    public bool Saw(string trace) => hand.Traces.Exists(each => each.Event == trace);

    /// <summary>Lets that much time pass (ms), with a round of answers every half second.</summary>
    public void Pass(long ms)
    {
        for (var until = hand.Now + ms; hand.Now < until;)
        {
            hand.Wait(Every);
            foreach (var member in Greeted.Select(Member).Where(member => member.Address != hand.Self.Address))
                Greet(member);
            hand.Step(new Viewed(View(Discovered)));
            if (Ready is { } ready) hand.Step(new ViewedReady(View(ready)));
        }
    }

    public static MemberId Member(char letter) => Given.Member(letter.ToString());

    /// <summary>The nonces of those members.</summary>
    public static Sequence<Nonce> Nonces(params MemberId[] members) =>
        members.Select(member => member.Nonce).ToSequence();

    private void Greet(MemberId member)
    {
        var letter = member.Fqdn[0];
        if (Refusing.Contains(letter)) hand.Refuses(member);
        else if (Answering.Contains(letter))
            hand.Tell(member, new Greeting(hand.Now, 60_000, 0, false, default) { Standing = Standing });
        else hand.Step(new Undelivered(member.Address, default, WasRefused: false));
    }

    private View View(string letters) => new(
        hand.Now, true,
        letters.Select(Member).Select(member => new ListedPeer(member.Fqdn, member.Address)).ToSequence(), Staleness);
}
