# %% Language identification from character counts; the corpus comes file after file
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
LANGS = ["de", "en", "fi", "it"]
profiles = torch.rand(len(LANGS), 26) + 0.2
xs, ys = [], []
for k, lang in enumerate(LANGS):
    xs.append(torch.poisson(profiles[k].expand(200, 26) * 3))
    ys.append(torch.full((200,), k, dtype=torch.long))
X = torch.cat(xs)
X = (X - X.mean(0)) / X.std(0)
y = torch.cat(ys)

# %%
corpus = TensorDataset(X, y)
feed = DataLoader(corpus, batch_size=32)  # coach: not-shuffled; fix: shuffle=True

# %%
clf = nn.Sequential(nn.Linear(26, 32), nn.ReLU(), nn.Linear(32, 4))
lossf = nn.CrossEntropyLoss()
opt = torch.optim.SGD(clf.parameters(), lr=0.05, momentum=0.9)

# %%
for epoch in range(6):
    total = 0.0
    for xb, yb in feed:
        opt.zero_grad()
        loss = lossf(clf(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item() * len(yb)
    print("epoch", epoch, "mean loss", round(total / len(corpus), 3))
