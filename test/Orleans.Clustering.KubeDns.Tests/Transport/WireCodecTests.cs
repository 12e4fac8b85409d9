using FsCheck.Xunit;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

public sealed class WireCodecTests
{
    private static readonly WireCodec Codec = new(WireLimits.Default);

    public static TheoryData<string> Messages => [.. Samples.MessageTypes.Select(type => type.Name)];

    public static TheoryData<string> Commands =>
        [.. Samples.CommandTypes.Concat(Samples.TableCommandTypes).Select(type => type.Name)];

    [Fact]
    public void Every_message_and_command_has_a_kind()
    {
        Assert.Equal(Samples.MessageTypes.ToHashSet(), MessageShapes.Messages.Kinds.ToHashSet());
        Assert.Equal(Samples.CommandTypes.ToHashSet(), ConsensusShapes.LogCommands.Kinds.ToHashSet());
        Assert.Equal(Samples.TableCommandTypes.ToHashSet(), TableShapes.TableCommands.Kinds.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_has_its_golden_bytes(string name)
    {
        var type = Samples.MessageTypes.Single(type => type.Name == name);
        Golden.Check(name, new Samples(1) { Sparse = false }.Envelope(type));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_command_has_its_golden_bytes(string name)
    {
        var type = Samples.CommandTypes.Concat(Samples.TableCommandTypes).Single(type => type.Name == name);
        var samples = new Samples(1) { Sparse = false };
        var made = samples.Make(type);
        var command = made as Command ?? new TableChange(samples.Make<RequestId>(), (TableCommand)made);
        var body = new Accept(7, new Ballot(1, default), command);
        Golden.Check($"Accept.{name}", samples.Envelope(typeof(Superseded)) with { Body = body });
    }

    [Fact]
    public void The_emptiest_message_has_its_golden_bytes() =>
        Golden.Check("Empty", new Envelope(new("", ""), new MemberId("", new("", 0), new("", 0, 0), default), default,
            default, default, new Superseded()));

    [Fact]
    public void A_member_that_DNS_named_says_so_in_bytes_that_others_skip()
    {
        var member = new MemberId("f", new("h", 1), new("h", 2, 3), new(7)) { IsNamedByDns = true };
        var envelope = new Envelope(new("s", "c"), member, default, default, default, new Superseded());

        Golden.Check("NamedByDns", envelope);

        Assert.True(Codec.Decode(Codec.Encode(envelope)).From.IsNamedByDns);
    }

    [Property(MaxTest = 500)]
    public void What_was_written_is_read_back(int seed)
    {
        var envelope = new Samples(seed).Envelope();
        var bytes = Codec.Encode(envelope);
        var read = Codec.Decode(bytes);
        Samples.AssertSame(envelope, read);
        Assert.Equal(bytes, Codec.Encode(read));
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_survives_full_and_sparse(string name)
    {
        var type = Samples.MessageTypes.Single(type => type.Name == name);
        for (var seed = 0; seed < 20; seed++)
        {
            var envelope = new Samples(seed) { Sparse = seed % 2 == 0 }.Envelope(type);
            Samples.AssertSame(envelope, Codec.Decode(Codec.Encode(envelope)));
        }
    }

    [Fact]
    public void A_default_sequence_is_an_empty_one()
    {
        var envelope = new Samples(3).Envelope() with { Body = new Decided(News.None) };
        Assert.Equal(News.None, ((Decided)Codec.Decode(Codec.Encode(envelope)).Body).News);
    }

    [Fact]
    public void Unknown_fields_are_skipped_wherever_they_stand()
    {
        // An envelope as a later version may write it: a field 7, and a field 3 in the body (Behind has two).
        var writer = new WireWriter(WireLimits.Default);
        writer.Raw(WireCodec.Version);
        var later = new Shape<Message>((w, _) =>
        {
            w.Raw(15);
            w.Long(1, 41).Long(2, 42).Text(3, "later");
        }, (ref _) => new Superseded());
        writer.Object(6, later, new Superseded()).Text(7, "trailing");
        Assert.Equal(new Behind(41, 42), Codec.Decode(writer.ToArray()).Body);
    }

    [Fact]
    public void Another_version_is_named_and_nothing_else_is_looked_at()
    {
        var thrown = Assert.Throws<WireFormatException>(() => Codec.Decode([2, 0xFF, 0xFF]));
        Assert.Equal(2, thrown.ForeignVersion);
        Assert.StartsWith("KDNS315", thrown.Message);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("01", "cut off")] // no body
    [InlineData("013201", "length")] // field 6 claims more than there is
    [InlineData("01328080808010", "length")] // 4 GiB
    [InlineData("0132FFFFFFFFFFFFFFFFFF01", "length")] // 2^64 - 1
    [InlineData("0106017F", "kind 127")] // no such message
    [InlineData("010601030601 03", "ascending")] // a field twice
    [InlineData("01068100 03", "padded")]
    [InlineData("01 060103 0A00 0900", "ascending")] // unknown fields have an order too
    [InlineData("01 0302 0000 0601 03", "identifier")]
    [InlineData("01 0403 0A01FF 0601 03", "16 bytes")]
    [InlineData("01 0604 12010100", "not as we write it")] // Applied(index: 0 written out)
    [InlineData("01 0606 15 0203 010000", "shares more")] // the first heartbeat has none before it
    [InlineData("01 0610 15 020D 000161000000 00026162000000", "repeats")] // "a", and "ab" without sharing the "a"
    [InlineData("01 060C 15 0209 0000 8080808040 0000", "32 bits")] // a port of 2^33
    [InlineData("01 0606 15 0203 000000", "cut off")] // a heartbeat without its end
    public void Bad_bytes_are_refused_with_a_reason(string hex, string reason)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", ""));
        Assert.Contains(reason, Assert.Throws<WireFormatException>(() => Codec.Decode(bytes)).Message);
    }

    [Fact]
    public void Heartbeats_are_read_back_whatever_they_share_and_differ_by()
    {
        Beat[] beats =
        [
            new(new("10.1.2.3", 11111, 100), 638_000_000_000_000_000),
            new(new("10.1.2.30", 11111, 101), 638_000_000_000_000_001),
            new(new("10.1", int.MaxValue, int.MinValue), long.MinValue),
            new(new("", int.MinValue, int.MaxValue), long.MaxValue),
            new(new("\u00e4", 0, 0), 0),
            new(new("\u00e5", 0, 0), 0), // shares half a character
            new(new("\u00e5", 0, 0), 0),
        ];
        var envelope = new Samples(3).Envelope() with { Body = new Fetched(News.None, beats.ToSequence()) };
        Samples.AssertSame(envelope, Codec.Decode(Codec.Encode(envelope)));
    }

    [Fact]
    public void A_heartbeat_of_many_alike_takes_few_bytes()
    {
        const long second = 10_000_000;
        var beats = Enumerable.Range(0, 500).Select(i => new Beat(
            new SiloId($"10.244.{i / 250}.{i % 250}", 11111, 190_000_000 + i),
            (63_800_000_000 * second) + (i * second / 20)));
        var envelope = new Samples(3).Envelope();
        var without = Codec.Encode(envelope with { Body = new Fetched(News.None, default) }).Length;
        var with = Codec.Encode(envelope with { Body = new Fetched(News.None, beats.ToSequence()) }).Length;
        Assert.InRange(with - without, 500, 12 * 500);
    }

    [Fact]
    public void What_exceeds_a_limit_is_refused_on_either_side()
    {
        var small = new WireCodec(new WireLimits { MaxBytes = 3000, MaxText = 8, MaxItems = 4, MaxItemsInAll = 6 });
        var plain = new Envelope(new("s", "c"), new MemberId("f", new("h", 1), new("h", 2, 3), new(7)), default,
            default, default, new Superseded());
        var members = Enumerable.Repeat(plain.From, 5).ToSequence();
        var change = new SetVoters(Enumerable.Repeat(plain.From, 4).ToSequence());
        Message[] excessive =
        [
            new Greet(0, 0, 0, false, members),
            new Decided(new News(1, Sequence.Of<Command>(change, change), null)),
        ];
        Refused(plain with { Key = new("123456789", "c") });
        foreach (var body in excessive) Refused(plain with { Body = body });
        Assert.NotNull(small.Decode(small.Encode(plain with { Key = new("12345678", "c") })));

        void Refused(Envelope envelope)
        {
            Assert.Throws<WireFormatException>(() => small.Encode(envelope));
            Assert.Throws<WireFormatException>(() => small.Decode(Codec.Encode(envelope)));
        }
    }

    [Fact]
    public void A_body_beyond_the_limit_is_refused_on_either_side()
    {
        var small = new WireCodec(new WireLimits { MaxBytes = 300 });
        var envelope = new Samples(1) { Sparse = false }.Envelope(typeof(Founded));
        Assert.Throws<WireFormatException>(() => small.Encode(envelope));
        Assert.Throws<WireFormatException>(() => small.Decode(Codec.Encode(envelope)));
    }

    [Fact]
    public void Text_that_is_no_Unicode_is_refused()
    {
        var envelope = new Samples(1).Envelope() with { Key = new("\ud800", "c") };
        Assert.Throws<WireFormatException>(() => Codec.Encode(envelope));
    }
}
