# %% [setup]
import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)

# %% [data] names of rivers and of mountains, letter by letter
syllables = {0: ["ra", "ri", "lo", "ne"], 1: ["mont", "gor", "kas", "pik"], 2: ["sa", "bel", "fay", "tin"]}
alphabet = sorted(set("".join(s for group in syllables.values() for s in group)))


def make_name(kind):
    return "".join(syllables[kind][int(torch.randint(0, 4, (1,)))] for _ in range(3))


def bag_of_letters(name):
    v = torch.zeros(len(alphabet))
    for ch in name:
        v[alphabet.index(ch)] += 1
    return v


kinds = [int(k) for k in torch.randint(0, 3, (300,))]
bags = torch.stack([bag_of_letters(make_name(k)) for k in kinds])
bags = (bags - bags.mean(0)) / (bags.std(0) + 1e-6)
kinds = torch.tensor(kinds)
train_dl = DataLoader(TensorDataset(bags[:240], kinds[:240]), batch_size=24, shuffle=True)

# %% [model]
class NameClassifier(nn.Module):
    def __init__(self, n_letters, n_kinds):
        super().__init__()
        self.hidden = nn.Linear(n_letters, 32)
        self.relu = nn.ReLU()
        self.out = nn.Linear(32, n_kinds)

    def forward(self, bag):
        scores = self.out(self.relu(self.hidden(bag)))
        return scores.softmax(dim=1)  # coach: softmax-before-cross-entropy; fix: return scores


model = NameClassifier(len(alphabet), 3)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=2e-3)

# %% [train]
for epoch in range(6):
    model.train()
    total = 0.0
    for bag, kind in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(bag), kind)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(epoch, total / len(train_dl))

# %% [evaluate]
model.eval()
with torch.no_grad():
    predicted = model(bags[240:]).argmax(dim=1)
print("accuracy", (predicted == kinds[240:]).float().mean().item())
