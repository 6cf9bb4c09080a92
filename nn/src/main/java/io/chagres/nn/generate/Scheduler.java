package io.chagres.nn.generate;

import io.chagres.nn.generate.Generation.Reason;
import io.chagres.tensor.memory.BudgetExceeded;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Answers many requests at once with one model: continuous batching. One thread owns the decoder;
/// each of its steps begins the prompts there is room for, a chunk of tokens at a time, and then
/// adds a token to every answer under way. Yu et al. 2022 (Orca); Kwon et al. 2023,
/// arXiv:2309.06180.
///
/// A request gets the tokens it would get alone. Its prompt is computed on its own, in chunks that
/// depend on the prompt only, and passes have at most [#rows] rows, for which a backend's products
/// do not depend on the other rows.
///
/// A request is begun when there are pages for its prompt. When pages run out later, the youngest
/// gives its own away and waits; it begins again by computing its prompt and feeding the tokens it
/// had written, in the same passes as before, so that its answer does not change.
final class Scheduler implements AutoCloseable {
    /// How to work.
    ///
    /// @param rows most sequences in one decoding pass
    /// @param running most requests under way at once
    /// @param waiting most requests in the queue
    /// @param chunk tokens of a prompt computed in one pass
    record Limits(int rows, int running, int waiting, int chunk) {}

    private final Decoder decoder;
    private final Set<Integer> endIds;
    private final Limits limits;
    private final Recorder recorder;
    private final Guesses guesses;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Request> arrived = new ArrayDeque<>();
    private boolean closed;
    private final AtomicInteger queued = new AtomicInteger();

    // The engine's thread only.
    private final Deque<Request> waiting = new ArrayDeque<>();
    private final List<Request> beginning = new ArrayList<>();
    private final List<Request> running = new ArrayList<>();
    private final LogProbs logProbs = new LogProbs();

    /// Starts an engine.
    ///
    /// @param endIds tokens that end a text
    Scheduler(Decoder decoder, Set<Integer> endIds, Limits limits) {
        this.decoder = decoder;
        this.endIds = endIds;
        this.limits = limits;
        this.recorder = new Recorder(decoder.cache());
        this.guesses = new Guesses(decoder, recorder);
        thread = Thread.ofPlatform().daemon().name("chagres-engine").unstarted(this::work);
        thread.start();
    }

    /// Adds a request.
    ///
    /// @throws RejectedExecutionException when the queue is full
    /// @throws IllegalStateException when it is closed
    void submit(Request request) {
        lock.lock();
        try {
            if (closed) {
                throw closed();
            }
            if (queued.get() >= limits.waiting()) {
                throw new RejectedExecutionException(
                        "the queue is full: " + limits.waiting() + " requests are waiting");
            }
            queued.incrementAndGet();
            arrived.add(request);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Makes the engine look at what was cancelled.
    void wake() {
        lock.lock();
        try {
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    EngineStats stats() {
        return recorder.stats(queued.get());
    }

    /// Ends all requests with an error and waits for the step under way.
    @Override
    public void close() {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException("a model cannot be closed by its own thread");
        }
        lock.lock();
        try {
            closed = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the model is closed");
    }

    private void work() {
        Throwable failure = closed();
        try {
            run();
        } catch (Throwable e) {
            failure = e;
            throw e;
        } finally {
            lock.lock();
            try {
                closed = true;
                waiting.addAll(arrived);
                arrived.clear();
            } finally {
                lock.unlock();
            }
            for (List<Request> some : List.of(running, beginning, List.copyOf(waiting))) {
                for (Request r : some) {
                    fail(r, failure);
                }
            }
        }
    }

    private void run() {
        while (receive()) {
            dropCancelled();
            admit();
            recorder.running(running.size() + beginning.size());
            begin();
            guesses.make(running, limits.rows());
            if (makeRoom()) {
                List<Request> checked = new ArrayList<>(running);
                checked.removeIf(r -> r.guess() == Draft.NONE);
                List<Request> others = new ArrayList<>(running);
                others.removeAll(checked);
                inGroups(others, limits.rows(), this::decode);
                inGroups(checked, limits.rows() / 2, this::check);
            }
            running.removeIf(r -> r.sequence == null);
            recorder.running(running.size() + beginning.size());
        }
    }

    static void inGroups(List<Request> all, int size, Consumer<List<Request>> body) {
        for (int from = 0; from < all.size(); from += size) {
            body.accept(List.copyOf(all.subList(from, Math.min(all.size(), from + size))));
        }
    }

    /// Takes new requests, and waits for one when there is nothing to do.
    ///
    /// @return whether to go on
    private boolean receive() {
        lock.lock();
        try {
            while (!closed
                    && arrived.isEmpty()
                    && waiting.isEmpty()
                    && beginning.isEmpty()
                    && running.isEmpty()) {
                changed.awaitUninterruptibly();
            }
            waiting.addAll(arrived);
            arrived.clear();
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void dropCancelled() {
        for (Request r : List.copyOf(waiting)) {
            if (r.stream.isCancelled()) {
                waiting.remove(r);
                queued.decrementAndGet();
                end(r, Reason.CANCELLED);
            }
        }
        for (List<Request> some : List.of(beginning, running)) {
            for (Request r : some) {
                if (r.stream.isCancelled()) {
                    end(r, Reason.CANCELLED);
                }
            }
            some.removeIf(r -> r.sequence == null);
        }
    }

    /// Begins requests in their order while there are pages for their tokens, and a page more for
    /// each that is under way.
    private void admit() {
        KvCache cache = decoder.cache();
        while (!waiting.isEmpty() && running.size() + beginning.size() < limits.running()) {
            Request next = waiting.getFirst();
            int tokens = decoder.prefixTokens() + next.prompt.length + next.generated();
            int spare = (running.size() + beginning.size()) * KvCache.PAGE_TOKENS;
            if (tokens + spare > cache.availableTokens()) {
                return;
            }
            waiting.removeFirst();
            queued.decrementAndGet();
            KvCache.Sequence sequence = cache.open();
            sequence.reserve(tokens);
            next.sequence = sequence;
            next.draft = decoder.drafts() ? new Draft() : null;
            next.promptDone = 0;
            next.fed = 0;
            beginning.add(next);
            if (next.begun == 0) {
                next.begun = System.nanoTime();
                recorder.begun(next);
            }
        }
    }

    /// Computes a chunk of prompts: of one long one, or of several short ones.
    private void begin() {
        int budget = limits.chunk();
        while (budget > 0 && !beginning.isEmpty()) {
            Request r = beginning.getFirst();
            int n = Math.min(limits.chunk(), r.prompt.length - r.promptDone);
            budget -= n;
            int[] tokens = Arrays.copyOfRange(r.prompt, r.promptDone, r.promptDone + n);
            r.promptDone += n;
            boolean whole = r.promptDone == r.prompt.length;
            if (whole) {
                beginning.removeFirst();
                running.add(r);
            }
            KvCache.Sequence sequence = sequence(r);
            @Nullable PassEvent event = recorder.pass();
            try {
                if (whole) {
                    decoder.prefill(sequence, tokens, r.draft, (i, logits) -> choose(r, logits));
                } else {
                    decoder.append(sequence, tokens, r.draft);
                }
            } catch (Throwable e) {
                fail(r, e);
                beginning.remove(r);
            }
            recorder.passed(event, "prefill", 1, n);
            running.removeIf(done -> done.sequence == null);
        }
    }

    /// Sees to it that every answer under way can get a token: the youngest request gives its pages
    /// away as long as there are too few.
    ///
    /// @return whether any is under way
    private boolean makeRoom() {
        while (pagesLacking() > decoder.cache().availableTokens() / KvCache.PAGE_TOKENS) {
            List<Request> all = new ArrayList<>(beginning);
            all.addAll(running);
            Request youngest = all.stream().max(Comparator.comparingLong(r -> r.id)).orElseThrow();
            if (all.size() == 1) {
                fail(youngest, new BudgetExceeded("the KV cache is full"));
                running.clear();
                return false;
            }
            sequence(youngest).close();
            youngest.sequence = null;
            youngest.draft = null;
            beginning.remove(youngest);
            running.remove(youngest);
            waiting.addFirst(youngest);
            queued.incrementAndGet();
            recorder.preempted();
        }
        return !running.isEmpty();
    }

    private int pagesLacking() {
        int pages = 0;
        for (Request r : running) {
            pages += sequence(r).lacking(r.guess() == Draft.NONE ? 1 : 2);
        }
        return pages;
    }

    /// Adds a token to each of some answers.
    private void decode(List<Request> some) {
        List<KvCache.Sequence> sequences = some.stream().map(Scheduler::sequence).toList();
        int[] tokens = some.stream().mapToInt(Request::nextToken).toArray();
        @Nullable PassEvent event = recorder.pass();
        try {
            decoder.decode(
                    sequences,
                    tokens,
                    Guesses.drafts(some),
                    (i, logits) -> take(some.get(i), logits));
        } catch (BudgetExceeded e) {
            if (some.size() == 1) {
                fail(some.getFirst(), e);
                return;
            }
            int half = some.size() / 2; // fewer rows need less memory
            decode(some.subList(0, half));
            decode(some.subList(half, some.size()));
            return;
        } catch (Throwable e) {
            some.forEach(r -> fail(r, e));
        }
        recorder.passed(event, "decode", some.size(), some.size());
    }

    /// Adds a token to each of some answers, and one more to those whose guess proves right. Draws
    /// are made from the same logits as without a guess, which counts only when it is what was
    /// drawn: so answers do not change, whatever the sampling. Leviathan et al. 2023,
    /// arXiv:2211.17192, with all of the guess's probability on one token.
    private void check(List<Request> some) {
        List<KvCache.Sequence> sequences = some.stream().map(Scheduler::sequence).toList();
        int[] tokens = new int[2 * some.size()];
        for (int i = 0; i < some.size(); i++) {
            tokens[2 * i] = some.get(i).nextToken();
            tokens[2 * i + 1] = some.get(i).guess();
        }
        @Nullable PassEvent event = recorder.pass();
        try {
            decoder.decode(
                    sequences,
                    tokens,
                    Guesses.drafts(some),
                    (row, logits) -> {
                        Request r = some.get(row / 2);
                        if (row % 2 == 0) {
                            take(r, logits);
                            guesses.judge(r, tokens[row + 1]);
                        } else if (Guesses.right(r)) {
                            take(r, logits);
                        }
                    });
        } catch (BudgetExceeded e) {
            decode(some); // one token each needs less memory
            return;
        } catch (Throwable e) {
            some.forEach(r -> fail(r, e));
        }
        recorder.passed(event, "decode", some.size(), tokens.length);
    }

    /// A token of an answer went into the cache; these logits are of what follows.
    private void take(Request r, float[] logits) {
        r.fed++;
        choose(r, logits);
    }

    /// Chooses the next token of an answer. What goes wrong concerns this answer only.
    private void choose(Request r, float[] logits) {
        if (r.fed < r.generated()) {
            return; // it catches up
        }
        try {
            int alternatives = r.options.topLogProbs();
            if (alternatives >= 0) {
                logProbs.take(logits, alternatives);
            }
            int token = r.sampler.next(logits);
            ScoredToken scored = alternatives >= 0 ? logProbs.score(token) : ScoredToken.of(token);
            recorder.token(r);
            Reason reason = r.take(scored, endIds.contains(token));
            if (reason != null) {
                end(r, reason);
            }
        } catch (Throwable e) {
            fail(r, e);
        }
    }

    private void end(Request r, Reason reason) {
        Generation generation = r.end(reason);
        release(r);
        recorder.finished(r, reason);
        r.stream.finish(generation);
    }

    private void fail(Request r, Throwable failure) {
        release(r);
        recorder.failed(r);
        r.stream.fail(failure);
    }

    private static void release(Request r) {
        KvCache.Sequence sequence = r.sequence;
        r.sequence = null;
        r.draft = null;
        if (sequence != null) {
            sequence.close();
        }
    }

    private static KvCache.Sequence sequence(Request r) {
        KvCache.@Nullable Sequence sequence = r.sequence;
        if (sequence == null) {
            throw new IllegalStateException("request " + r.id + " has no pages");
        }
        return sequence;
    }
}
