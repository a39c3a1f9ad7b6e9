# Feature reuse: an autoencoder's encoder stays fixed, a small head is trained with few labels.
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(58)
prototypes = torch.randn(3, 30)


def samples(n):
    y = torch.randint(0, 3, (n,))
    x = prototypes[y] + 2.5 * torch.randn(n, 30)
    return (x - x.mean()) / x.std(), y


encoder = nn.Sequential(nn.Linear(30, 24), nn.ReLU(), nn.Linear(24, 8))
decoder = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 30))
unlabelled, _ = samples(512)
pretrain = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
for epoch in range(5):
    for idx in torch.randperm(512).split(32):
        batch = unlabelled[idx]
        rec_loss = (decoder(encoder(batch)) - batch).pow(2).mean()
        pretrain.zero_grad()
        rec_loss.backward()
        pretrain.step()
    print("autoencoder", epoch, round(rec_loss.item(), 3))

encoder.eval()
for p in encoder.parameters():
    p.requires_grad_(False)

head = nn.Linear(8, 3)
finetune = torch.optim.SGD(head.parameters(), lr=0.05, momentum=0.9)
criterion = nn.CrossEntropyLoss()
few = DataLoader(TensorDataset(*samples(96)), batch_size=16, shuffle=True)
test_x, test_y = samples(200)

for epoch in range(6):
    head.train()
    for x, y in few:
        with torch.no_grad():
            z = encoder(x)
        loss = criterion(head(z), y)
        finetune.zero_grad()
        loss.backward()
        finetune.step()
    head.eval()
    with torch.no_grad():
        acc = (head(encoder(test_x)).argmax(1) == test_y).float().mean().item()
    print("head", epoch, round(loss.item(), 3), round(acc, 3))
