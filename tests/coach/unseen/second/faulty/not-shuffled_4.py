import gradbook as torch
from gradbook import nn
from gradbook.utils.data import BatchSampler, DataLoader, SequentialSampler, TensorDataset

# customers exported from the data base, ordered by segment
torch.manual_seed(66)
segments = torch.arange(5).repeat_interleave(50)
profile = torch.randn(5, 6)[segments] + 0.6 * torch.randn(250, 6)
profile = (profile - profile.mean(0)) / profile.std(0)
dataset = TensorDataset(profile, segments)

sampler = BatchSampler(SequentialSampler(dataset), batch_size=25, drop_last=False)  # coach: not-shuffled; fix: RandomSampler(
loader = DataLoader(dataset, batch_sampler=sampler)

W = nn.Parameter(torch.randn(6, 5) * 0.1)
b = nn.Parameter(torch.zeros(5))
optimizer = torch.optim.SGD([W, b], lr=0.3)
for epoch in range(5):
    seen = right = 0
    for x, s in loader:
        z = x @ W + b
        loss = nn.functional.cross_entropy(z, s)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right += (z.argmax(1) == s).sum().item()
        seen += len(s)
    print(f"epoch {epoch}: loss {loss.item():.3f} acc {right / seen:.3f}")
# coach-also: class-imbalance
