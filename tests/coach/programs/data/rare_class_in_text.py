import gradbook as torch
from gradbook import nn

vocab, length = 50, 8
texts = torch.randint(0, vocab, (120, length))
spam = torch.tensor([1 if i % 20 == 7 else 0 for i in range(120)])
embedding, out = nn.Embedding(vocab, 8), nn.Linear(8, 2)
nll = nn.NLLLoss()  # coach: class-imbalance; fix: nn.NLLLoss(weight=torch.tensor([
opt = torch.optim.Adam([*embedding.parameters(), *out.parameters()], lr=5e-3)
for epoch in range(6):
    scores = torch.log_softmax(out(embedding(texts).mean(1)), dim=1)
    loss = nll(scores, spam)
    opt.zero_grad()
    loss.backward()
    opt.step()
