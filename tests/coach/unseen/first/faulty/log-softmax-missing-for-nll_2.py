import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# REINFORCE-free warm start: imitate with probabilities
torch.manual_seed(14)
clf = nn.Sequential(nn.Embedding(20, 12), nn.Flatten(), nn.Linear(60, 24), nn.ReLU(), nn.Linear(24, 3), nn.Softmax(dim=-1))  # coach: log-softmax-missing-for-nll; fix: nn.LogSoftmax(dim=-1)
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(clf.parameters(), lr=3e-3)
for step in range(30):
    seq = torch.randint(0, 20, (48, 5))
    lab = seq[:, 0] % 3
    loss = criterion(clf(seq), lab)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print("step", step, "loss", loss.item())
