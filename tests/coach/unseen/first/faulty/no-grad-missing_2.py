import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
def evaluate(model, loader):
    model.eval()
    preds, gts = [], []
    for images, labels in loader:
        scores = model(images)  # coach: no-grad-missing; fix: torch.no_grad()
        preds.extend(scores.argmax(dim=1).tolist())
        gts.extend(labels.tolist())
    return sum(p == g for p, g in zip(preds, gts)) / len(gts)

def train(model, loader, optimizer):
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()

if __name__ == "__main__":
    torch.manual_seed(13)
    lab = torch.randint(0, 2, (160,))
    pic = torch.randn(160, 1, 6, 6)
    pic[lab == 1, :, 2:4, 2:4] += 2.0
    pic = (pic - pic.mean()) / pic.std()
    a = DataLoader(TensorDataset(pic[:120], lab[:120]), batch_size=24, shuffle=True)
    b = DataLoader(TensorDataset(pic[120:], lab[120:]), batch_size=20)
    m = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(96, 2))
    o = torch.optim.Adam(m.parameters(), lr=5e-3)
    for ep in range(5):
        train(m, a, o)
        print(f"epoch {ep}: accuracy = {evaluate(m, b):.2%}")
