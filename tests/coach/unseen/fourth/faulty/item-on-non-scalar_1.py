# News headline tagging with averaged embeddings
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(41)
V, C, T = 150, 3, 10


def headlines(n):
    c = torch.randint(0, C, (n,))
    topical = c.unsqueeze(1) * 50 + torch.randint(0, 50, (n, T))
    words = torch.where(torch.rand(n, T) < 0.5, topical, torch.randint(0, V, (n, T)))
    return words, c


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, 20)
        self.fc = nn.Linear(20, C)

    def forward(self, w):
        return self.fc(self.emb(w).mean(dim=1))


train_w, train_c = headlines(900)
test_w, test_c = headlines(300)
tagger = Tagger()
opt = torch.optim.Adam(tagger.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(train_w, train_c), batch_size=60, shuffle=True)

for epoch in range(5):
    tagger.train()
    for w, c in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(tagger(w), c)
        loss.backward()
        opt.step()
    tagger.eval()
    with torch.no_grad():
        correct = (tagger(test_w).argmax(dim=1) == test_c).float()  # coach-line: item-on-non-scalar
    print(f"epoch {epoch}: accuracy {correct.item():.3f}")  # coach: item-on-non-scalar; fix: .mean()
