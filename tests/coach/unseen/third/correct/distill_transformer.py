import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(112)
VOCAB, LENGTH, CLASSES = 30, 10, 3


class Classifier(nn.Module):
    def __init__(self, dim, layers, heads):
        super().__init__()
        self.tok, self.pos = nn.Embedding(VOCAB, dim), nn.Parameter(0.1 * torch.randn(LENGTH, dim))
        block = nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout=0.1, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(block, layers)
        self.head = nn.Linear(dim, CLASSES)

    def forward(self, ids):
        return self.head(self.encoder(self.tok(ids) + self.pos).mean(dim=1))


def task(n):
    ids = torch.randint(0, VOCAB, (n, LENGTH))
    counts = torch.stack([(ids % CLASSES == c).sum(1) for c in range(CLASSES)], dim=1)
    return ids, (counts.float() + 0.1 * torch.rand(n, CLASSES)).argmax(dim=1)


def score(model, ids, y):
    model.eval()
    with torch.no_grad():
        return (model(ids).argmax(1) == y).float().mean().item()


train_loader = DataLoader(TensorDataset(*task(512)), batch_size=64, shuffle=True)
test_ids, test_y = task(128)
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)

teacher = Classifier(dim=32, layers=2, heads=4)
opt = torch.optim.AdamW(teacher.parameters(), lr=3e-3)
for epoch in range(6):
    teacher.train()
    for ids, y in train_loader:
        opt.zero_grad()
        criterion(teacher(ids), y).backward()
        opt.step()
    print(f"teacher epoch {epoch}: test {score(teacher, test_ids, test_y):.3f}")

teacher.eval().requires_grad_(False)
student = Classifier(dim=16, layers=1, heads=2)
opt = torch.optim.AdamW(student.parameters(), lr=4e-3)
temperature, alpha = 2.0, 0.7
for epoch in range(6):
    student.train()
    for ids, y in train_loader:
        with torch.no_grad():
            soft = F.softmax(teacher(ids) / temperature, dim=-1)
        logits = student(ids)
        kd = F.kl_div(F.log_softmax(logits / temperature, dim=-1), soft, reduction="batchmean") * temperature ** 2
        loss = alpha * kd + (1 - alpha) * criterion(logits, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"student epoch {epoch}: loss {loss.item():.3f} test {score(student, test_ids, test_y):.3f}")
