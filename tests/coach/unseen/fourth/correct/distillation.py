# %% [data]
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(96)


class Digits(Dataset):
    def __init__(self, prototypes, n):
        self.y = torch.randint(0, len(prototypes), (n,))
        self.x = prototypes[self.y] + 0.9 * torch.randn(n, 1, 7, 7)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


protos = torch.randn(6, 1, 7, 7)
train_dl = DataLoader(Digits(protos, 480), batch_size=40, shuffle=True)
test_dl = DataLoader(Digits(protos, 120), batch_size=60)

# %% [helpers]
def accuracy(net):
    net.eval()
    with torch.no_grad():
        return sum((net(x).argmax(1) == y).sum().item() for x, y in test_dl) / 120


def train(net, loss_of, epochs, lr):
    opt = torch.optim.Adam(net.parameters(), lr=lr)
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for x, y in train_dl:
            opt.zero_grad()
            loss = loss_of(x, y)
            loss.backward()
            opt.step()
            total += loss.item()
        print(f"epoch {epoch} loss {total / len(train_dl):.4f} acc {accuracy(net):.3f}")


# %% [teacher]
teacher = nn.Sequential(nn.Conv2d(1, 12, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12 * 25, 48), nn.ReLU(), nn.Linear(48, 6))
train(teacher, lambda x, y: F.cross_entropy(teacher(x), y), epochs=3, lr=2e-3)

# %% [student]
teacher.eval()
student = nn.Sequential(nn.Flatten(), nn.Linear(49, 16), nn.ReLU(), nn.Linear(16, 6))
T, alpha = 3.0, 0.6


def distil_loss(x, y):
    with torch.no_grad():
        soft = F.softmax(teacher(x) / T, dim=1)
    logits = student(x)
    kd = F.kl_div(F.log_softmax(logits / T, dim=1), soft, reduction="batchmean") * T * T
    return alpha * kd + (1 - alpha) * F.cross_entropy(logits, y)


train(student, distil_loss, epochs=5, lr=4e-3)
